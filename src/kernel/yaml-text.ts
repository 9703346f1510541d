import { Composer, isMap, isScalar, isSeq, Lexer, LineCounter, type Node, type Pair, Parser } from 'yaml';

/** A place in a text; lines and columns begin at 1. */
export interface Place {
  line: number;
  column: number;
}

/** A text of YAML and where its values are. */
export interface YamlText {
  value: unknown;
  /**
   * Where a value is, or the key of the last map on the way to one that is missing.
   * @param key a key of the map there, in place of its value
   */
  placeOf(path: readonly PropertyKey[], key?: string): Place;
}

export type ReadYaml = YamlText | { problems: (Place & { message: string })[] };

/** Collections that aliases may stand for, so that a short text does not become a long one. */
const mostAliases = 100;
/** Collections and scalars around another one. */
const mostNested = 200;

/** Reads a text of YAML; an empty one has the value null. */
export function readYaml(text: string): ReadYaml {
  const lines = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  try {
    const composer = new Composer({ stringKeys: true });
    const [document, another] = [...composer.compose(tokensIn(text, lines), true, text.length)];
    if (!document) return { problems: [] };
    if (another) return { problems: [{ ...at(another.range[0]), message: 'the text has several YAML documents' }] };
    const faults = [...document.errors, ...document.warnings];
    if (faults.length > 0) {
      return { problems: faults.map(({ pos, message }) => ({ ...at(pos[0]), message: firstLine(message) })) };
    }
    const value: unknown = document.toJS({ maxAliasCount: mostAliases });
    return { value, placeOf: (path, key) => at(offsetOf(document.contents, path, key)) };
  } catch (error) {
    return { problems: [{ line: 1, column: 1, message: error instanceof Error ? error.message : String(error) }] };
  }
}

/** The library reads collections inside of each other by functions inside of each other, and would fill the stack. */
function* tokensIn(text: string, lines: LineCounter) {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length > mostNested) throw new Error('collections are nested too deeply');
  }
  yield* parser.end();
}

function firstLine(message: string): string {
  return message.split(/:?\n| at line /, 1)[0] ?? '';
}

function offsetOf(root: unknown, path: readonly PropertyKey[], key: string | undefined): number {
  let node = root;
  let nearest = 0;
  for (const step of path) {
    const pair = pairOf(node, step);
    if (pair) nearest = startOf(pair.key) ?? nearest;
    const next = pair ? pair.value : isSeq(node) ? node.items[Number(step)] : undefined;
    if (next === undefined || next === null) return nearest;
    node = next;
  }
  if (key === undefined) return startOf(node) ?? nearest;
  return startOf(pairOf(node, key)?.key) ?? startOf(node) ?? nearest;
}

function pairOf(node: unknown, key: PropertyKey): Pair | undefined {
  if (!isMap(node)) return undefined;
  return node.items.find(({ key: each }) => isScalar(each) && String(each.value) === String(key));
}

function startOf(node: unknown): number | undefined {
  return (node as Node | undefined)?.range?.[0];
}
