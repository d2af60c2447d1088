/** The part of an OpenAPI 3.1 document that the page shows, and requests made from it. */

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

export interface Schema {
  readonly $ref?: string;
  readonly example?: unknown;
  readonly examples?: readonly unknown[];
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

interface Media {
  readonly schema?: Schema;
}

export interface Operation {
  readonly operationId: string;
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

export interface Document {
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description?: string;
  };
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** The routes of one tag, in the document's order. */
export function routesOf(document: Document, tag: string): readonly Route[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, operation]) => operation.tags?.includes(tag))
      .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

/** A value that the schema gives as its example; of objects, one made from their fields. */
export function exampleOf(document: Document, schema: Schema | undefined): unknown {
  if (schema === undefined) return undefined;
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
    return exampleOf(document, document.components.schemas[name]);
  }
  if (schema.example !== undefined) return schema.example;
  if (schema.examples !== undefined) return schema.examples[0];
  if (schema.properties === undefined) return undefined;
  const fields = Object.entries(schema.properties)
    .filter(([name]) => schema.required?.includes(name))
    .map(([name, field]) => [name, exampleOf(document, field) ?? null]);
  return Object.fromEntries(fields);
}

/** The media type that the route reads, and an example of it where it is JSON. */
export function bodyOf(document: Document, operation: Operation): { kind: string; text: string } {
  const [kind, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? ['', undefined];
  const example = kind === 'application/json' ? exampleOf(document, media?.schema) : undefined;
  return { kind, text: example === undefined ? '' : JSON.stringify(example, null, 2) };
}

/** The address with its parameters; those of the query that are empty are left out. */
export function addressOf(route: Route, values: Readonly<Record<string, string>>): string {
  let path = route.path;
  const query = new URLSearchParams();
  for (const parameter of route.operation.parameters ?? []) {
    const value = values[parameter.name] ?? '';
    if (parameter.in === 'path') {
      path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    } else if (parameter.in === 'query' && value !== '') {
      query.set(parameter.name, value);
    }
  }
  const asked = query.toString();
  return asked === '' ? path : `${path}?${asked}`;
}

/** The headers of the request. */
export function headersOf(
  route: Route,
  values: Readonly<Record<string, string>>,
  token: string,
  kind: string,
): Record<string, string> {
  const headers: Record<string, string> = {};
  if (kind !== '') headers['content-type'] = kind;
  if (token !== '' && route.operation.security) headers.authorization = `Bearer ${token}`;
  for (const parameter of route.operation.parameters ?? []) {
    const value = values[parameter.name] ?? '';
    if (parameter.in === 'header' && value !== '') headers[parameter.name] = value;
  }
  return headers;
}
