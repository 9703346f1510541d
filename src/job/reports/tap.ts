import type { TestStatus } from '../../kernel/model.ts';
import { type FoundTest, mostTests } from './collection.ts';
import { Excerpt, type Findings, type LineParser, suiteOf } from './lines.ts';

interface Point {
  name: string;
  status: TestStatus;
  why: string | null;
  duration: number | null;
  /** text of its YAML block */
  diagnosis: Excerpt;
  parts: Point[];
}

/** Depth of nested subtests. */
const deepest = 20;

/**
 * TAP 13 and 14, with subtests as node, node-tap and others indent them.
 * Source: https://testanything.org/tap-version-14-specification.html
 */
export class TapParser implements LineParser {
  readonly begins = ['TAP version 1', '1..', ' ', 'not ok', 'ok', '#   '];
  /** points whose parent is still to come, by depth */
  readonly #levels: Point[][] = [];
  #isTap = false;
  /** whether the lines that begin TAP are nothing else for certain */
  #hasBegun = false;
  /** whether the version of TAP has no plan yet, which every complete output has */
  #isOpen = false;
  #count = 0;
  #plansNone = false;
  #isNumbered = false;
  /** outermost points that the last plan still waits for; undefined after a file of prove */
  #due: number | undefined;
  /** outermost points that came after those of the last plan */
  #unplanned = 0;
  #last: Point | undefined;
  /** what Test::More of Perl says of failed tests, by their names; it says so elsewhere than in TAP, so before or after */
  readonly #remarks = new Map<string, Excerpt>();
  #remark: Excerpt | undefined;
  /** indentation of the YAML block that is open */
  #block: string | undefined;

  get inside(): boolean {
    return this.#block !== undefined;
  }

  line(text: string): void {
    if (this.#block !== undefined) {
      if (text.trim() === '...') this.#block = undefined;
      else this.#last?.diagnosis.add(text.startsWith(this.#block) ? text.slice(this.#block.length) : text.trimStart());
      return;
    }
    const remark = /^ *# {3,}(\S.*)$/.exec(text)?.[1];
    if (remark !== undefined) {
      this.#takeRemark(remark);
      return;
    }
    const plan = /^1\.\.(\d+)(?:\s|$)/.exec(text);
    if (plan || /^TAP version 1[34]\s*$/.test(text)) {
      this.#isTap = true;
      this.#hasBegun ||= !plan || text === plan[0];
      this.#isOpen = !plan;
      if (plan) this.#plan(Number(plan[1]), text);
      return;
    }
    const block = /^( +)---\s*$/.exec(text);
    if (block && this.#last) {
      this.#block = block[1];
      return;
    }
    const found = /^((?: {4})*)(not )?ok(?: +\d+)?(?: +- | +|$)(.*)$/.exec(text);
    // prove's own word about a file that ended well
    if (text === 'ok' && (this.#isNumbered || (this.#due === 0 && this.#unplanned === 0))) {
      this.#due = undefined;
      return;
    }
    if (found && /^ *(?:not )?ok +\d/.test(text)) this.#isNumbered = true;
    if (found) this.#point((found[1]?.length ?? 0) / 4, found[2] === undefined, found[3] ?? '');
  }

  end(): Findings {
    if (!this.#isTap) return { tests: [] };
    // a plan of tests that did not run tells no number
    const name = 'the TAP output';
    const isTold = this.#count > 0 || this.#plansNone;
    const runner = isTold ? { runner: { name } } : {};
    const unfinished = (isTold ? this.#isOpen : this.#hasBegun) ? { unfinished: name } : {};
    const tests: FoundTest[] = [];
    for (const point of this.#levels.flat()) gather(point, [], { tests, remarks: this.#remarks });
    return { tests, ...runner, ...unfinished };
  }

  #takeRemark(text: string): void {
    const name = /^Failed test '(.*)'$/.exec(text)?.[1];
    if (name === undefined) this.#remark?.add(text);
    else if (this.#remarks.size < mostTests) {
      this.#remark = new Excerpt();
      this.#remarks.set(name, this.#remark);
    }
  }

  /** A plan is before its points or after them. One of no tests may say that all are skipped, and why. */
  #plan(points: number, text: string): void {
    this.#due = this.#unplanned === points ? 0 : points;
    this.#unplanned = 0;
    if (points > 0) return;
    const [, why] = /^1\.\.0\s+#\s*skip\S*\s*(.*)$/i.exec(text) ?? [];
    if (why === undefined) this.#plansNone = true;
    else this.#point(0, true, `(all tests) # SKIP ${why}`);
  }

  #point(depth: number, ok: boolean, text: string): void {
    if (depth === 0 && this.#due !== undefined && this.#due > 0) this.#due--;
    else if (depth === 0) this.#unplanned++;
    if (depth > deepest || ++this.#count > 2 * mostTests) return;
    const [, name = '', directive = ''] = /^((?:[^#\\]|\\.|#(?! ?(?:skip|todo|time)))*)(.*)$/i.exec(text) ?? [];
    const [, kind, why = ''] = /^# ?(skip|todo)\S*\s*(.*)$/i.exec(directive) ?? [];
    const time = /^# time=([\d.]+)(ms|s)/.exec(directive);
    const point: Point = {
      name: name.trim().replaceAll(/\\([#\\])/g, '$1'),
      status: kind === undefined ? (ok ? 'passed' : 'failed') : 'skipped',
      why: kind === undefined ? null : why || kind.toLowerCase(),
      duration: time ? Number(time[1]) * (time[2] === 's' ? 1000 : 1) : null,
      diagnosis: new Excerpt(),
      parts: this.#levels.splice(depth + 1).flat(),
    };
    for (let level = this.#levels.length; level <= depth; level++) this.#levels[level] = [];
    this.#levels[depth]?.push(point);
    this.#last = point;
  }
}

interface Gathered {
  tests: FoundTest[];
  remarks: ReadonlyMap<string, Excerpt>;
}

/** Adds the tests of a point. One with parts is not a test itself, unless it failed though none of its parts did. */
function gather(point: Point, groups: string[], found: Gathered): void {
  const { tests, remarks } = found;
  const before = tests.length;
  for (const part of point.parts) gather(part, [...groups, point.name], found);
  const explained = point.status !== 'failed' || tests.slice(before).some(({ status }) => status === 'failed');
  if (point.parts.length > 0 && explained) return;
  tests.push({
    ...diagnosed(point, remarks.get(point.name)),
    suite: suiteOf(groups),
    name: point.name,
    status: point.status,
  });
}

function diagnosed({ status, why, duration, diagnosis }: Point, remark: Excerpt | undefined): Partial<FoundTest> {
  const { text } = diagnosis;
  const time = /^duration_ms: ([\d.]+)$/m.exec(text);
  const known = { duration: time ? Number(time[1]) : duration, message: why };
  if (status !== 'failed') return known;
  if (text === '') return remark ? { ...known, details: remark.text } : known;
  const lines = dedented(text.split('\n'));
  const file = textOf('location', lines)?.replace(/:\d+:\d+$/, '') ?? null;
  const said = textOf('error', lines) || textOf('message', lines);
  const expected = textOf('expected', lines) || textOf('wanted', lines) || null;
  const actual = textOf('actual', lines) || textOf('found', lines) || null;
  const first = diagnosis.headline;
  // a key that is not known as a message is none
  const message = said || (first !== null && /^\w+:/.test(first) ? null : first);
  return { ...known, file, message, details: detailsOf(lines), expected, actual };
}

/** Some runners indent a block further than its marks. */
function dedented(lines: readonly string[]): string[] {
  const indent = lines[0]?.search(/\S/) ?? 0;
  return lines.map((line) => (line.slice(0, indent).trim() === '' ? line.slice(indent) : line));
}

/** Keys of a diagnosis that a result has in fields of its own. */
const ownKeys = /^(?:duration_ms|error|message|expected|wanted|actual|found):/;

/** The lines of a diagnosis that say more than the fields of the result. */
function detailsOf(lines: readonly string[]): string | null {
  let isOwn = false;
  const others = lines.filter((line) => {
    if (/^\S/.test(line)) isOwn = ownKeys.test(line);
    return !isOwn;
  });
  return others.join('\n').trim() || null;
}

/** The text of a key in a YAML block, in the forms in which test runners write it. */
function textOf(key: string, lines: readonly string[]): string | undefined {
  const at = lines.findIndex((line) => line.startsWith(`${key}:`));
  const given = lines[at]?.slice(key.length + 1).trim();
  if (given === undefined) return undefined;
  if (given === '' || /^[|>]/.test(given)) {
    const end = lines.findIndex((line, index) => index > at && /^\S/.test(line));
    const inside = lines.slice(at + 1, end < 0 ? undefined : end);
    const indent = inside[0]?.search(/\S|$/) ?? 0;
    return inside
      .map((line) => line.slice(indent))
      .join('\n')
      .trimEnd();
  }
  if (given.startsWith("'")) return given.replace(/^'|'$/g, '').replaceAll("''", "'");
  if (!given.startsWith('"')) return given;
  try {
    return String(JSON.parse(given));
  } catch {
    return given.replace(/^"|"$/g, '');
  }
}
