/**
 * Compiles the validator of gates (`crates/ffi`) to WebAssembly for the inspector's page and puts
 * it beside the sources of the page. Needs Rust with the target wasm32-unknown-unknown.
 */

import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const build = [
  'rustc',
  '--quiet',
  '--package=ffi',
  '--lib',
  '--profile=firmware',
  '--target=wasm32-unknown-unknown',
  '--crate-type=cdylib',
  '--message-format=json-render-diagnostics',
  '--',
  '-Cstrip=symbols',
];
const { status, stdout, error } = spawnSync(process.env.CARGO ?? 'cargo', build, {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
  stdio: ['ignore', 'pipe', 'inherit'],
});
if (error) throw error;
if (status !== 0) process.exit(status ?? 1);
const built = stdout
  .split('\n')
  .filter((line) => line.startsWith('{'))
  .flatMap((line) => JSON.parse(line).filenames ?? [])
  .findLast((name) => name.endsWith('faregate_reader.wasm'));
if (built === undefined) throw new Error('cargo made no faregate_reader.wasm');
copyFileSync(built, fileURLToPath(new URL('src/inspector/validator.wasm', import.meta.url)));
