/**
 * GitHub's patterns for branches, tags and paths
 * (docs.github.com/actions/reference/workflow-syntax-for-github-actions, "Filter pattern cheat sheet"): `*` is any
 * characters but "/", `**` any characters, `?` none or one of what is before it, `+` one or more of it, `[]` one of a
 * set; `\` takes the meaning from what follows; `!` at the beginning takes back what earlier patterns matched.
 *
 * A pattern becomes a machine that follows all ways through it at once (Thompson, "Regular Expression Search
 * Algorithm", CACM 1968): patterns and names come from foreign repositories, and a regular expression that tries one
 * way after the other takes for ever over some of them.
 */
export interface Pattern {
  /** begins with `!` */
  negated: boolean;
  states: State[];
}

interface State {
  /** reached with this one, without a character */
  also: number[];
  /** reached with a character that fits */
  next: { fits: (character: string) => boolean; to: number }[];
}

/** Longest pattern, in characters. */
const longest = 1000;

/** @returns the pattern, or a sentence about what is wrong with it */
export function parsePattern(text: string): Pattern | string {
  if (text.length > longest) return `a pattern has at most ${longest} characters`;
  const negated = text.startsWith('!');
  const characters = [...text].slice(negated ? 1 : 0);
  if (characters.length === 0) return 'the pattern is empty';
  const machine = new Machine();
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (character === '*' && characters[at + 1] !== '*') machine.repeated((other) => other !== '/');
    else if (character === '*') {
      at++;
      // a "**/" is also no folder at all: "docs/**/*.md" means docs/README.md too
      const folders = characters[at + 1] === '/' && (at === 1 || characters[at - 2] === '/');
      if (folders) {
        machine.folders();
        at++;
      } else machine.repeated(() => true);
    } else if (character === '?' || character === '+') {
      if (!machine.quantify(character)) return `"${character}" has nothing before it to repeat`;
    } else if (character === '[') {
      const end = characters.indexOf(']', at + 1);
      if (end < 0) return 'a "[" is not closed';
      if (end === at + 1) return '"[]" holds no character';
      machine.one(setOf(characters.slice(at + 1, end)));
      at = end;
    } else {
      if (character === '\\') at++;
      const literal = characters[at] ?? '\\';
      machine.one((other) => other === literal);
    }
  }
  return { negated, states: machine.states };
}

/** Builds the machine piece by piece; the last state is where the next piece begins, and at the end where it accepts. */
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

  /** @returns false where there is no piece before it */
  quantify(sign: '?' | '+'): boolean {
    if (this.#pieceBegins === undefined) return false;
    if (sign === '?') this.#state(this.#pieceBegins).also.push(this.#last);
    else this.#state(this.#last).also.push(this.#pieceBegins);
    // so that what follows does not run into the piece again
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

/** One of the characters, which may be ranges such as `a-z`. */
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

export function matches({ states }: Pattern, name: string): boolean {
  const reach = (places: Iterable<number>): Set<number> => {
    const reached = new Set(places);
    // a set that is walked shows what is added meanwhile
    for (const place of reached) for (const also of states[place]?.also ?? []) reached.add(also);
    return reached;
  };
  let places = reach([0]);
  for (const character of name) {
    const next = new Set<number>();
    for (const place of places) {
      for (const { fits, to } of states[place]?.next ?? []) if (fits(character)) next.add(to);
    }
    places = reach(next);
    if (places.size === 0) return false;
  }
  return places.has(states.length - 1);
}

/** Whether a list of patterns selects a name: the last pattern that fits it decides. */
export function selects(patterns: readonly string[], name: string): boolean {
  return patterns.map(known).reduce((selected, pattern) => {
    if (!pattern || !matches(pattern, name)) return selected;
    return !pattern.negated;
  }, false);
}

const patterns = new Map<string, Pattern>();
const mostPatterns = 2000;

/** A pattern that cannot be read has been refused with its file, and selects nothing. */
function known(text: string): Pattern | undefined {
  const before = patterns.get(text);
  if (before) return before;
  const pattern = parsePattern(text);
  if (typeof pattern === 'string') return undefined;
  patterns.set(text, pattern);
  if (patterns.size > mostPatterns) patterns.delete(patterns.keys().next().value ?? '');
  return pattern;
}
