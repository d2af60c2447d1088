/** Amounts, times and names as people read them. */

const LOCALE = 'en';

/** Times and days are written as in Britain where the page speaks English. */
const dated = (locale: string) => (locale === LOCALE ? 'en-GB' : locale);

/** An amount of minor units in its currency's own decimals. */
export function money(minor: number, currency: string, locale: string = LOCALE): string {
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
  });
  const decimals = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(minor / 10 ** decimals);
}

/** An amount for a chart: `¥5.50`, from ten thousand on `¥12.3K`. */
export function briefMoney(minor: number, currency: string): string {
  const format = new Intl.NumberFormat(LOCALE, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    notation: 'compact',
    maximumFractionDigits: 1,
  });
  const { maximumFractionDigits: decimals = 2 } = new Intl.NumberFormat(LOCALE, {
    style: 'currency',
    currency,
  }).resolvedOptions();
  const major = minor / 10 ** decimals;
  return major < 10_000 ? money(minor, currency) : format.format(major);
}

/** A whole number with its thousands apart. */
export function count(value: number): string {
  return new Intl.NumberFormat(LOCALE).format(value);
}

/** The time of day of an instant, in the city's time zone where it is known. */
export function timeOfDay(instant: string, timeZone?: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(new Date(instant));
}

/** A service day in words. */
export function day(date: string, locale: string = LOCALE): string {
  return new Intl.DateTimeFormat(dated(locale), {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    timeZone: 'UTC',
  }).format(new Date(`${date}T00:00:00Z`));
}

/** A service day in words, with its year. */
export function fullDay(date: string, locale: string = LOCALE): string {
  return new Intl.DateTimeFormat(dated(locale), {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  }).format(new Date(`${date}T00:00:00Z`));
}

/** A service day for the foot of a column: `22 Nov`. */
export function shortDay(date: string, locale: string = LOCALE): string {
  return new Intl.DateTimeFormat(dated(locale), {
    day: 'numeric',
    month: 'short',
    timeZone: 'UTC',
  }).format(new Date(`${date}T00:00:00Z`));
}

/** A snake-case name in words: `bad_issuer_signature` is "bad issuer signature". */
export function words(name: string): string {
  return name.replaceAll('_', ' ');
}

/** How a line is called on a sign: a bare number is "Line 1". */
export function lineName(line: string): string {
  return /^\d+$/.test(line) ? `Line ${line}` : line;
}
