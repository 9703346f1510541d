/**
 * One pattern for paths, as GitHub's own packages have them (`@actions/glob`, and `minimatch` behind it): `*` is any
 * characters but "/", `?` is one of them, `[…]` one of a set, `**` between slashes any number of folders; `\` takes the
 * meaning from what follows. A name that begins with a dot is like any other.
 *
 * Patterns and paths come from foreign repositories, so there is no regular expression: within a folder's name only the
 * last `*` is ever tried again, and over folders all ways are followed at once (Thompson, "Regular Expression Search
 * Algorithm", CACM 1968). A path takes at most as many steps as its length times that of the pattern.
 */
export class Glob {
  readonly #parts: readonly Part[];
  readonly #trial: Trial;

  /** @param trial counts what its matching takes */
  constructor(text: string, trial: Trial) {
    this.#parts = text.split('/').map(partOf);
    this.#trial = trial;
  }

  matches(path: string): boolean {
    return this.#follow(path).whole;
  }

  /** Whether it matches a path or a folder that the path is in. */
  chooses(path: string): boolean {
    const { whole, folder } = this.#follow(path);
    return whole || folder;
  }

  /** Whether it may match something in a folder. */
  mayLeadInto(folder: string): boolean {
    return this.#follow(folder).open;
  }

  /** @returns whether it matches the whole path, a folder on its way, and whether more of a path could follow */
  #follow(path: string): { whole: boolean; folder: boolean; open: boolean } {
    const parts = this.#parts;
    const end = parts.length;
    let places = this.#reach(new Set([0]));
    let [whole, folder] = [false, false];
    for (const name of path.split('/')) {
      folder ||= whole;
      whole = false;
      const next = new Set<number>();
      for (const place of places) {
        const part = parts[place];
        if (part === undefined) continue;
        this.#trial.steps++;
        if (part === folders) {
          next.add(place);
          // at the end it means what is in a folder, and not the folder
          if (place === end - 1) whole = true;
        } else if (fits(part, name, this.#trial)) next.add(place + 1);
      }
      places = this.#reach(next);
      whole ||= next.has(end);
      if (places.size === 0) break;
    }
    return { whole, folder, open: [...places].some((place) => place < end) };
  }

  /** The places that are reached without a name: after a `**` that stands for no folder. */
  #reach(places: Set<number>): Set<number> {
    // a set that is walked shows what is added meanwhile
    for (const place of places) {
      if (this.#parts[place] === folders && place < this.#parts.length - 1) places.add(place + 1);
    }
    return places;
  }
}

/** What matching has taken so far, in steps of some nanoseconds. */
export interface Trial {
  steps: number;
}

/** Whether a text has characters that make a pattern of it. */
export function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

/** Any number of folders. */
const folders = Symbol('**');
/** What stands between two slashes: any number of folders, a name as it is, or pieces of one. */
type Part = typeof folders | string | readonly Piece[];
/** Any characters, or one that fits; `steps` is how many comparisons that takes. */
type Piece = 'any' | { fits: (code: number) => boolean; steps: number };

function partOf(text: string): Part {
  if (text === '**') return folders;
  return /[*?[\\]/.test(text) ? piecesOf(text) : text;
}

function piecesOf(text: string): Piece[] {
  const characters = [...text];
  const pieces: Piece[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    if (character === '*') {
      if (pieces.at(-1) !== 'any') pieces.push('any');
      continue;
    }
    const set = character === '[' ? setAt(characters, at) : undefined;
    if (character === '?') pieces.push({ fits: () => true, steps: 1 });
    else if (set) {
      pieces.push({ fits: set.fits, steps: set.end - at });
      at = set.end;
    } else {
      const escaped = character === '\\' && at + 1 < characters.length;
      if (escaped) at++;
      const literal = (characters[at] as string).codePointAt(0);
      pieces.push({ fits: (code) => code === literal, steps: 1 });
    }
  }
  return pieces;
}

/** What POSIX calls classes of characters, as far as patterns use them. */
const classes: Readonly<Record<string, RegExp>> = {
  alnum: /[\p{L}\p{Nl}\p{Nd}]/u,
  alpha: /[\p{L}\p{Nl}]/u,
  blank: /[\p{Zs}\t]/u,
  digit: /\p{Nd}/u,
  lower: /\p{Ll}/u,
  punct: /\p{P}/u,
  space: /[\p{Z}\t\r\n\v\f]/u,
  upper: /\p{Lu}/u,
  word: /[\p{L}\p{Nl}\p{Nd}\p{Pc}]/u,
  xdigit: /[A-Fa-f0-9]/,
};

/**
 * The set that begins at a "[".
 * @returns undefined where it is not closed: then the bracket is a character like any other
 */
function setAt(
  characters: readonly string[],
  start: number,
): { fits: (code: number) => boolean; end: number } | undefined {
  let at = start + 1;
  const negated = characters[at] === '!' || characters[at] === '^';
  if (negated) at++;
  const first = at;
  const ranges: [from: number, to: number][] = [];
  const named: RegExp[] = [];
  for (; at < characters.length; at++) {
    if (characters[at] === ']' && at > first) {
      const isIn = (code: number) =>
        ranges.some(([from, to]) => from <= code && code <= to) ||
        named.some((expression) => expression.test(String.fromCodePoint(code)));
      return { fits: (code) => isIn(code) !== negated, end: at };
    }
    const name = characters[at] === '[' && characters[at + 1] === ':' ? nameAt(characters, at) : undefined;
    if (name !== undefined) {
      named.push(classes[name] as RegExp);
      at += name.length + 3;
      continue;
    }
    const one = () => {
      if (characters[at] === '\\' && at + 1 < characters.length) at++;
      return (characters[at] as string).codePointAt(0) as number;
    };
    const from = one();
    let to = from;
    if (characters[at + 1] === '-' && at + 2 < characters.length && characters[at + 2] !== ']') {
      at += 2;
      to = one();
    }
    ranges.push([from, to]);
  }
  return undefined;
}

/** The name in a `[:name:]`. */
function nameAt(characters: readonly string[], start: number): string | undefined {
  const name = /^\[:([a-z]+):\]/.exec(characters.slice(start, start + 12).join(''))?.[1];
  return name !== undefined && Object.hasOwn(classes, name) ? name : undefined;
}

function fits(part: string | readonly Piece[], name: string, trial: Trial): boolean {
  if (typeof part === 'string') return part === name;
  let [at, place] = [0, 0];
  // where to go on when what follows the last "*" does not fit
  let [star, from] = [-1, 0];
  while (at < name.length) {
    const piece = part[place];
    if (piece === 'any') {
      star = place++;
      from = at;
      continue;
    }
    trial.steps += piece?.steps ?? 1;
    if (piece?.fits(name.codePointAt(at) as number)) {
      place++;
      at = after(name, at);
    } else if (star >= 0) {
      from = after(name, from);
      place = star + 1;
      at = from;
    } else return false;
  }
  if (part[place] === 'any') place++;
  return place === part.length;
}

/** The position of the next character; one may have two units. */
function after(text: string, at: number): number {
  return at + ((text.codePointAt(at) as number) > 0xffff ? 2 : 1);
}
