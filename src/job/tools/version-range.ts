/** A version as its numbers: `v20.1`, `1.16.0-otp-26` and `java-17-openjdk` are 20.1, 1.16.0 and 17. */
export type Version = readonly number[];

/** @returns undefined where there are no numbers, as in `stable` */
export function versionOf(text: string): Version | undefined {
  const numbers = /\d{1,9}(?:\.\d{1,9}){0,5}/.exec(text)?.[0];
  return numbers?.split('.').map(Number);
}

/** Positive if `a` is newer than `b`; missing numbers are 0. */
export function compareVersions(a: Version, b: Version): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Majors of Node's releases with long-term support, by the names that .nvmrc gives them. */
const nodeNames: { [name: string]: string } = {
  ...{ argon: '4', boron: '6', carbon: '8', dubnium: '10', erbium: '12', fermium: '14' },
  ...{ gallium: '16', hydrogen: '18', iron: '20', jod: '22', krypton: '24' },
};

/**
 * Whether a version is one that was asked for, in the language of npm, pip, RubyGems or Composer: `>=18 <21 || 22.x`,
 * `~=3.9`, `~> 3.2`, `^8.1`. A version alone means all that begin with it. What has no numbers, such as `lts/*` or
 * `stable`, means any version.
 * @param tool tells what `~` means, on which npm and Composer differ
 */
export function satisfies(version: Version, asked: string, tool: string): boolean {
  const plain = nodeNames[asked.replace(/^lts\//, '')] ?? asked;
  const alternatives = plain.split(/\|\|?/).map((text) => clausesOf(text));
  return alternatives.some((clauses) => clauses.every((clause) => holds(version, clause, tool)));
}

interface Clause {
  operator: string;
  version: Version;
}

/** Conditions that must hold together; `1 - 2` is `>=1 <=2`. */
function clausesOf(text: string): Clause[] {
  const range = /^\s*v?(\d[\w.]*)\s+-\s+v?(\d[\w.]*)\s*$/.exec(text);
  const given = range ? `>=${range[1]} <=${range[2]}` : text;
  const found = given.matchAll(/(~>|~=|===?|!=|>=|<=|[<>=~^])?\s{0,10}([^\s,<>=!~^]{1,100})/g);
  return [...found].flatMap(([, operator = '', name = '']) => {
    const version = versionOf(name);
    return version ? [{ operator, version }] : [];
  });
}

function holds(version: Version, { operator, version: asked }: Clause, tool: string): boolean {
  const order = compareVersions(version, asked);
  if (operator === '>=') return order >= 0;
  if (operator === '<') return order < 0;
  if (operator === '>') return order > 0 && !beginsWith(version, asked);
  if (operator === '<=') return order <= 0 || beginsWith(version, asked);
  if (operator === '!=') return !beginsWith(version, asked);
  if (operator === '^') return order >= 0 && beginsWith(version, asked.slice(0, firstNumber(asked) + 1));
  if (operator === '~' && tool !== 'php') return order >= 0 && beginsWith(version, asked.slice(0, 2));
  if (['~', '~>', '~='].includes(operator))
    return order >= 0 && beginsWith(version, asked.slice(0, Math.max(asked.length - 1, 1)));
  return beginsWith(version, asked);
}

/** Where the first number is that is not 0, which says what is compatible. */
function firstNumber(version: Version): number {
  const at = version.findIndex((number) => number !== 0);
  return at < 0 ? version.length - 1 : at;
}

function beginsWith(version: Version, start: Version): boolean {
  return start.every((number, at) => (version[at] ?? 0) === number);
}
