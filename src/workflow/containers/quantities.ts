import { ContainerProblem, quoted } from './problem.ts';

const units = ['', 'k', 'm', 'g', 't'];

/** Bytes from `512m` or `1.5 GB`, as Docker reads them: units are powers of 1024. @throws ContainerProblem */
export function bytesOf(text: string): number {
  const [, number, unit = ''] = /^(\d{1,15}(?:\.\d{1,9})?) ?([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * 1024 ** units.indexOf(unit.toLowerCase()));
  if (number !== undefined && Number.isSafeInteger(bytes)) return bytes;
  throw new ContainerProblem('invalid', `${quoted(text)} is not a size: use a number with a unit, such as 512m or 2g`);
}

const milliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds from `1m30s`, as Docker reads times. @throws ContainerProblem */
export function millisecondsOf(text: string): number {
  if (text === '0') return 0;
  const part = /(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)/g;
  if (!/^(?:\d{1,9}(?:\.\d{1,9})?(?:ms|s|m|h)){1,4}$/.test(text))
    throw new ContainerProblem(
      'invalid',
      `${quoted(text)} is not a time: use numbers with units, such as 10s or 1m30s`,
    );
  return [...text.matchAll(part)].reduce(
    (sum, [, number, unit = '']) => sum + Math.round(Number(number) * (milliseconds[unit] ?? 0)),
    0,
  );
}

/** A whole number. @throws ContainerProblem if it is below `least` */
export function wholeNumber(text: string, least: number): number {
  if (/^-?\d{1,15}$/.test(text) && Number(text) >= least) return Number(text);
  throw new ContainerProblem('invalid', `${quoted(text)} must be a whole number of at least ${least}`);
}

/** A number above zero, with or without decimals. @throws ContainerProblem */
export function positiveNumber(text: string): number {
  if (/^\d{1,9}(?:\.\d{1,9})?$/.test(text) && Number(text) > 0) return Number(text);
  throw new ContainerProblem('invalid', `${quoted(text)} must be a number above 0`);
}
