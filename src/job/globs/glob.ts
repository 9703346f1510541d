/**
 * One pattern for paths, as in GitHub's packages (`@actions/glob`, based on `minimatch`): `*` is any characters but
 * "/", `?` is one of them, `[…]` one of a set, `**` between slashes any number of folders; `\` escapes the next
 * character. A name that begins with a dot is like any other.
 * Patterns and paths come from foreign repositories, so no regular expression is used: within a name only the last `*`
 * is tried again, and over folders all possibilities are followed at once (Thompson, "Regular Expression Search
 * Algorithm", CACM 1968). A path takes at most as many steps as its length times that of the pattern.
 */
export class Glob {
  readonly #parts: readonly Part[];
  readonly #cost: MatchCost;

  /** @param cost counts the steps of matching */
  constructor(text: string, cost: MatchCost) {
    this.#parts = text.split('/').map(partOf);
    this.#cost = cost;
  }

  matches(path: string): boolean {
    return this.#follow(path).whole;
  }

  /** Whether it matches a path, or a folder that contains the path. */
  chooses(path: string): boolean {
    const { whole, folder } = this.#follow(path);
    return whole || folder;
  }

  /** Whether it may match a path in a folder. */
  mayLeadInto(folder: string): boolean {
    return this.#follow(folder).open;
  }

  /** @returns whether it matches the whole path, or a folder on the way, and whether it could match a longer path */
  #follow(path: string): { whole: boolean; folder: boolean; open: boolean } {
    const parts = this.#parts;
    const end = parts.length;
    let positions = this.#reach(new Set([0]));
    let [whole, folder] = [false, false];
    for (const name of path.split('/')) {
      folder ||= whole;
      whole = false;
      const next = new Set<number>();
      for (const position of positions) {
        const part = parts[position];
        if (part === undefined) continue;
        this.#cost.steps++;
        if (part === folders) {
          next.add(position);
          // at the end it matches the content of a folder, not the folder
          if (position === end - 1) whole = true;
        } else if (fits(part, name, this.#cost)) next.add(position + 1);
      }
      positions = this.#reach(next);
      whole ||= next.has(end);
      if (positions.size === 0) break;
    }
    return { whole, folder, open: [...positions].some((position) => position < end) };
  }

  /** The positions that are reached without a name: after a `**` that matches no folder. */
  #reach(positions: Set<number>): Set<number> {
    // iterating a set includes entries that are added during the loop
    for (const position of positions) {
      if (this.#parts[position] === folders && position < this.#parts.length - 1) positions.add(position + 1);
    }
    return positions;
  }
}

/** The steps that matching has taken so far, of some nanoseconds each. */
export interface MatchCost {
  steps: number;
}

/** Whether a text contains characters of patterns. */
export function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

/** Any number of folders. */
const folders = Symbol('**');
/** A part between two slashes: any number of folders, a literal name, or pieces of a name. */
type Part = typeof folders | string | readonly Piece[];
/** Any characters, or one that matches; `steps` is the number of comparisons for it. */
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

/** Character classes of POSIX, as far as patterns use them. */
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
 * @returns undefined if it is not closed: then the bracket is an ordinary character
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

function fits(part: string | readonly Piece[], name: string, cost: MatchCost): boolean {
  if (typeof part === 'string') return part === name;
  let [at, position] = [0, 0];
  // where to go on if the text after the last "*" does not match
  let [star, from] = [-1, 0];
  while (at < name.length) {
    const piece = part[position];
    if (piece === 'any') {
      star = position++;
      from = at;
      continue;
    }
    cost.steps += piece?.steps ?? 1;
    if (piece?.fits(name.codePointAt(at) as number)) {
      position++;
      at = after(name, at);
    } else if (star >= 0) {
      from = after(name, from);
      position = star + 1;
      at = from;
    } else return false;
  }
  if (part[position] === 'any') position++;
  return position === part.length;
}

/** The position of the next character, which may have two UTF-16 units. */
function after(text: string, at: number): number {
  return at + ((text.codePointAt(at) as number) > 0xffff ? 2 : 1);
}
