/**
 * GitHub's patterns for branches, tags and paths
 * (docs.github.com/actions/reference/workflow-syntax-for-github-actions, "Filter pattern cheat sheet"): `*` is any
 * characters but "/", `**` any characters, `?` zero or one of the preceding character, `+` one or more of it, `[]` one
 * of a set; `\` escapes the next character; `!` at the beginning excludes names that earlier patterns matched.
 *
 * A pattern becomes a state machine that follows all alternatives at once (Thompson, "Regular Expression Search
 * Algorithm", CACM 1968). Patterns and names come from foreign repositories, and backtracking over some of them would
 * never end.
 */
export interface Pattern {
  /** begins with `!` */
  negated: boolean;
  states: State[];
  /** text at the beginning, at the end and anywhere in each matching name; most names are ruled out by these */
  prefix: string;
  suffix: string;
  holds: string;
}

interface State {
  /** states that are reached together with this one, without a character */
  also: number[];
  /** states that are reached with a matching character */
  next: { fits: (character: string) => boolean; to: number }[];
}

/** The most characters of a pattern. */
const longest = 1000;
/** The most patterns in one list. */
export const mostInList = 1000;

/** @returns the pattern, or an error message */
export function parsePattern(text: string): Pattern | string {
  if (text.length > longest) return `a pattern can have at most ${longest} characters`;
  const negated = text.startsWith('!');
  const characters = [...text].slice(negated ? 1 : 0);
  if (characters.length === 0) return 'the pattern is empty';
  const machine = new Machine();
  const literals = new Literals();
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (isSpecial(character)) literals.interrupt(character);
    if (character === '*' && characters[at + 1] !== '*') machine.repeated((other) => other !== '/');
    else if (character === '*') {
      at++;
      // "**/" also matches no folder at all: "docs/**/*.md" matches docs/README.md
      const folders = characters[at + 1] === '/' && (at === 1 || characters[at - 2] === '/');
      if (folders) {
        machine.folders();
        at++;
      } else machine.repeated(() => true);
    } else if (character === '?' || character === '+') {
      if (!machine.quantify(character)) return `there is nothing before "${character}" that it could repeat`;
    } else if (character === '[') {
      const end = characters.indexOf(']', at + 1);
      if (end < 0) return 'a "[" is not closed';
      if (end === at + 1) return '"[]" is empty';
      machine.one(setOf(characters.slice(at + 1, end)));
      at = end;
    } else {
      if (character === '\\') at++;
      const literal = characters[at] ?? '\\';
      machine.one((other) => other === literal);
      literals.add(literal);
    }
  }
  return { negated, states: machine.states, ...literals.known() };
}

function isSpecial(character: string): boolean {
  return '*?+['.includes(character);
}

/** The literal characters of a pattern, in runs without special characters. */
class Literals {
  readonly #runs: string[] = [''];

  add(character: string): void {
    this.#runs.push((this.#runs.pop() ?? '') + character);
  }

  /** @param special the next special character */
  interrupt(special: string): void {
    // the repeated character is optional in "a?" and "a+?"
    if (special === '?' || special === '+') this.#runs.push([...(this.#runs.pop() ?? '')].slice(0, -1).join(''));
    this.#runs.push('');
  }

  known(): Pick<Pattern, 'prefix' | 'suffix' | 'holds'> {
    const holds = this.#runs.reduce((longest, run) => (run.length > longest.length ? run : longest));
    return { prefix: this.#runs.at(0) ?? '', suffix: this.#runs.at(-1) ?? '', holds };
  }
}

/** Builds the machine piece by piece. The next piece begins at the last state, which is the accepting one at the end. */
class Machine {
  readonly states: State[] = [{ also: [], next: [] }];
  #pieceBegins: number | undefined;

  one(fits: (character: string) => boolean): void {
    this.#pieceBegins = this.#last;
    this.#state(this.#last).next.push({ fits, to: this.#last + 1 });
    this.#add();
  }

  repeated(fits: (character: string) => boolean): void {
    this.#pieceBegins = this.#last;
    this.#state(this.#last).next.push({ fits, to: this.#last });
    this.#state(this.#last).also.push(this.#last + 1);
    this.#add();
  }

  folders(): void {
    const begin = this.#last;
    const inside = begin + 1;
    const end = begin + 2;
    this.#state(begin).also.push(inside, end);
    this.#add();
    this.#state(inside).next.push(
      { fits: () => true, to: inside },
      { fits: (character) => character === '/', to: end },
    );
    this.#add();
    this.#pieceBegins = undefined;
  }

  /** @returns false if there is no piece before it */
  quantify(sign: '?' | '+'): boolean {
    if (this.#pieceBegins === undefined) return false;
    if (sign === '?') this.#state(this.#pieceBegins).also.push(this.#last);
    else this.#state(this.#last).also.push(this.#pieceBegins);
    // so that the next piece does not lead back into this one
    this.#state(this.#last).also.push(this.#last + 1);
    this.#add();
    return true;
  }

  get #last(): number {
    return this.states.length - 1;
  }

  #state(index: number): State {
    const state = this.states[index];
    if (!state) throw new Error(`no state ${index}`);
    return state;
  }

  #add(): void {
    this.states.push({ also: [], next: [] });
  }
}

/** Matches one of the characters, which may be ranges such as `a-z`. */
function setOf(characters: readonly string[]): (character: string) => boolean {
  const single = new Set<string>();
  const ranges: [string, string][] = [];
  for (let at = 0; at < characters.length; at++) {
    const [from = '', dash, to] = characters.slice(at, at + 3);
    if (dash === '-' && to !== undefined) {
      ranges.push([from, to]);
      at += 2;
    } else single.add(from);
  }
  return (character) => single.has(character) || ranges.some(([from, to]) => from <= character && character <= to);
}

export function matches({ states, prefix, suffix, holds }: Pattern, name: string): boolean {
  if (!name.endsWith(suffix) || !name.startsWith(prefix) || !name.includes(holds)) return false;
  const reach = (positions: Iterable<number>): Set<number> => {
    const reached = new Set(positions);
    // iterating over a set includes entries that are added during the loop
    for (const position of reached) for (const also of states[position]?.also ?? []) reached.add(also);
    return reached;
  };
  let positions = reach([0]);
  for (const character of name) {
    const next = new Set<number>();
    for (const position of positions) {
      for (const { fits, to } of states[position]?.next ?? []) if (fits(character)) next.add(to);
    }
    positions = reach(next);
    if (positions.size === 0) return false;
  }
  return positions.has(states.length - 1);
}

/** Whether a list of patterns selects a name: the last matching pattern decides. */
export function selects(patterns: readonly string[], name: string): boolean {
  const decisive = known(patterns).find((pattern) => matches(pattern, name));
  return decisive !== undefined && !decisive.negated;
}

const lists = new WeakMap<readonly string[], Pattern[]>();

/** The patterns of a list, last one first. Invalid patterns make their file invalid, so they are left out here. */
function known(list: readonly string[]): Pattern[] {
  const before = lists.get(list);
  if (before) return before;
  const patterns = list.map(parsePattern).filter((pattern) => typeof pattern !== 'string');
  patterns.reverse();
  lists.set(list, patterns);
  return patterns;
}
