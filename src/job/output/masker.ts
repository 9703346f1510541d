import { Automaton } from './automaton.ts';
import { mergeRanges } from './ranges.ts';
import { PlainScan, type Range, type Scan, WrappedScan } from './scan.ts';
import { secretForms } from './secret-forms.ts';

const stars = Buffer.from('***');
/** Values that one job may mask. */
const mostValues = 1000;
/** Bytes of all their forms; that is some 400 kB of values. */
const mostBytes = 6_000_000;
/** Groups with fewer bytes are joined with newer ones again and again. */
const small = 20_000;

/** Written once instead of the output, and instead of every text. */
const withheldNotice = `output is withheld: the job masks more than ${mostValues} values, or longer values than Volt can search for`;

/** Strings that are searched for together. */
interface Group {
  kind: 'plain' | 'wrapped';
  strings: Buffer[];
  bytes: number;
  automaton: Automaton;
  scan: Scan;
}

/**
 * Replaces secrets in a stream of bytes by `***`. It finds a secret across chunks: what may be the beginning of one is
 * held back until the next chunk, or the end, decides. Secrets that overlap are masked together. Each of a few groups
 * of strings reads each byte once, however many values there are: later strings form groups of their own, and a group
 * that is less than half as large as the one before is joined with it.
 */
export class Masker {
  readonly #known = new Set<string>();
  readonly #forms = new Set<string>();
  #bytes = 0;
  /** strings that are not searched for yet */
  #fresh: { plain: Buffer[]; wrapped: Buffer[] } = { plain: [], wrapped: [] };
  #groups: Group[] = [];
  #withheld: 'no' | 'unsaid' | 'said' = 'no';
  /** bytes of input */
  #at = 0;
  /** bytes of them that were returned or masked */
  #shown = 0;
  /** the bytes from there to `#at` */
  #held: Buffer[] = [];
  /** end of the secret that was masked last; what follows may overlap it */
  #hiddenTo = 0;
  /** secrets that begin in the held bytes */
  #found: Range[] = [];

  /** @param secrets values to mask, in all their forms */
  constructor(secrets: Iterable<string> = []) {
    for (const secret of secrets) this.add(secret);
  }

  /** Masks this value from now on. */
  add(secret: string): void {
    if (this.#withheld !== 'no' || this.#known.has(secret)) return;
    this.#known.add(secret);
    for (const { kind, form } of secretForms(secret)) {
      if (this.#forms.has(form)) continue;
      this.#forms.add(form);
      const bytes = Buffer.from(form);
      this.#bytes += bytes.length;
      this.#fresh[kind].push(bytes);
      if (this.#bytes > mostBytes) break;
    }
    if (this.#known.size > mostValues || this.#bytes > mostBytes) this.#withhold();
  }

  /** number of masked values */
  get values(): number {
    return this.#known.size;
  }

  /** bytes that are held back until it is known whether they are part of a secret */
  get held(): number {
    return Math.max(0, this.#at - Math.max(this.#shown, this.#hiddenTo));
  }

  /** Whether there are so many values that no output is shown any more. */
  get isWithheld(): boolean {
    return this.#withheld !== 'no';
  }

  /** Takes a chunk. @returns the bytes that may be shown now */
  push(chunk: Buffer): Buffer {
    if (this.#withheld !== 'no') return this.#instead();
    this.#learn();
    if (this.#groups.length === 0) return chunk;
    this.#search(this.#groups, chunk);
    this.#at += chunk.length;
    const open = this.#groups.reduce((first, { scan }) => Math.min(first, scan.openFrom), this.#at);
    if (this.#held.length === 0 && this.#found.length === 0 && open === this.#at && this.#hiddenTo <= this.#shown) {
      this.#shown = this.#at;
      return chunk;
    }
    this.#held.push(chunk);
    const shown = this.#show(open);
    // the caller may reuse the chunk after this call
    const last = this.#held.pop();
    if (last) this.#held.push(Buffer.from(last));
    return shown;
  }

  /** The bytes that were held back, since nothing follows. */
  end(): Buffer {
    if (this.#withheld !== 'no') return this.#instead();
    const shown = this.#show(this.#at);
    for (const group of this.#groups) group.scan = scanOf(group, this.#at);
    return shown;
  }

  /** Masks secrets in a complete text, such as a message for people. */
  text(text: string): string {
    if (this.#withheld !== 'no') return text === '' ? '' : withheldNotice;
    this.#learn();
    if (this.#groups.length === 0) return text;
    const bytes = Buffer.from(text);
    const found: Range[][] = this.#groups.map((group) => {
      const ranges: Range[] = [];
      scanOf(group, 0).push(bytes, ranges);
      return ranges;
    });
    const ranges = mergeRanges(found);
    return ranges.length === 0 ? text : hide(bytes, ranges);
  }

  #search(groups: readonly Group[], bytes: Buffer): void {
    const found = groups.map(({ scan }) => {
      const ranges: Range[] = [];
      scan.push(bytes, ranges);
      return ranges;
    });
    if (found.some(({ length }) => length > 0)) this.#found = mergeRanges([this.#found, ...found]);
  }

  /** Returns the held bytes up to a position before which no further secret begins. */
  #show(until: number): Buffer {
    const parts: Buffer[] = [];
    let next = 0;
    for (; next < this.#found.length; next++) {
      const { start, end } = this.#found[next] as Range;
      if (start >= until) break;
      if (start < this.#hiddenTo) {
        this.#hiddenTo = Math.max(this.#hiddenTo, end);
        continue;
      }
      this.#take(start, parts);
      parts.push(stars);
      this.#hiddenTo = end;
    }
    this.#found.splice(0, next);
    this.#take(until, parts);
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }

  /** Moves the held bytes up to a position into the parts, without the masked ones. */
  #take(until: number, parts: Buffer[]): void {
    while (this.#shown < until) {
      const first = this.#held[0] as Buffer;
      const hidden = this.#hiddenTo > this.#shown;
      const to = hidden ? Math.min(this.#hiddenTo, until) : until;
      const length = Math.min(first.length, to - this.#shown);
      if (!hidden) parts.push(first.subarray(0, length));
      this.#shown += length;
      if (length === first.length) this.#held.shift();
      else this.#held[0] = first.subarray(length);
    }
  }

  /** Starts to search for strings that were added, also in the held bytes. */
  #learn(): void {
    for (const kind of ['plain', 'wrapped'] as const) {
      let strings = this.#fresh[kind].splice(0);
      if (strings.length === 0) continue;
      const own = this.#groups.filter((group) => group.kind === kind);
      let bytes = bytesOf(strings);
      for (let last = own.pop(); last && (last.bytes < small || last.bytes < 2 * bytes); last = own.pop()) {
        strings = [...last.strings, ...strings];
        bytes += last.bytes;
        this.#groups.splice(this.#groups.indexOf(last), 1);
      }
      const automaton = new Automaton(strings);
      const group = { kind, strings, bytes, automaton, scan: scanOf({ kind, automaton }, this.#shown) };
      this.#groups.push(group);
      for (const held of this.#held) this.#search([group], held);
    }
  }

  #withhold(): void {
    this.#withheld = 'unsaid';
    this.#held = [];
    this.#groups = [];
    this.#fresh = { plain: [], wrapped: [] };
    this.#forms.clear();
  }

  #instead(): Buffer {
    if (this.#withheld === 'said') return Buffer.alloc(0);
    this.#withheld = 'said';
    return Buffer.from(`\n[volt] ${withheldNotice}\n`);
  }
}

function scanOf({ kind, automaton }: Pick<Group, 'kind' | 'automaton'>, at: number): Scan {
  return kind === 'plain' ? new PlainScan(automaton, at) : new WrappedScan(automaton, at);
}

function bytesOf(strings: readonly Buffer[]): number {
  return strings.reduce((sum, { length }) => sum + length, 0);
}

function hide(bytes: Buffer, ranges: readonly Range[]): string {
  const parts: Buffer[] = [];
  let from = 0;
  for (const { start, end } of ranges) {
    parts.push(bytes.subarray(from, start), stars);
    from = end;
  }
  parts.push(bytes.subarray(from));
  return Buffer.concat(parts).toString();
}
