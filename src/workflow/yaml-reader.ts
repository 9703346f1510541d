import type { LiteralToken, MappingToken, SequenceToken } from '@actions/workflow-parser/templates/tokens/index';
import { StringToken } from '@actions/workflow-parser/templates/tokens/string-token';
import { YamlObjectReader } from '@actions/workflow-parser/workflows/yaml-object-reader';
import { type Document, isAlias, isMap, isScalar, type Pair, visit } from 'yaml';
import { isInsert } from './template.ts';

/** Values, keys and collections that a file may come to once its aliases are followed; real files have below 5,000. */
const mostTokens = 50_000;

/**
 * The package's reader of YAML without three of its defects: it hands on the source of a text that spans lines instead
 * of its value (D1), which keeps indentation and ignores chomping and folding; it follows aliases without end (D3); and
 * it fails on keys that are numbers.
 */
export class BoundedYamlReader extends YamlObjectReader {
  #tokens = 0;

  constructor(file: number | undefined, text: string) {
    super(file, text);
    this.#insert();
  }

  /** What YAML only warns of: a tag that it does not know, as in `if: !cancelled()` (D4). */
  get warnings(): Document['warnings'] {
    return this.#document.warnings;
  }

  get isEmpty(): boolean {
    const { contents } = this.#document;
    return contents === null || (isScalar(contents) && contents.value === null);
  }

  get #document(): Document {
    return (this as unknown as { doc: Document }).doc;
  }

  override allowLiteral(): LiteralToken | undefined {
    const token = super.allowLiteral();
    if (token) this.#count();
    return token instanceof StringToken
      ? new StringToken(token.file, token.range, String(token.value ?? ''), undefined, undefined, undefined)
      : token;
  }

  override allowSequenceStart(): SequenceToken | undefined {
    return this.#counted(super.allowSequenceStart());
  }

  override allowMappingStart(): MappingToken | undefined {
    return this.#counted(super.allowMappingStart());
  }

  /**
   * What `${{ insert }}` has as a mapping of its own stands in the mapping around it: the parser knows only one that
   * is an expression.
   */
  #insert(): void {
    const document = this.#document;
    let placed = 0;
    visit(document, {
      Map: (_, map) => {
        if (!map.items.some(isInsertion)) return;
        map.items = map.items.flatMap((pair) => {
          const value = isAlias(pair.value) ? pair.value.resolve(document) : pair.value;
          if (!isInsertion(pair) || !isMap(value) || value === map) return [pair];
          placed += value.items.length;
          if (placed > mostTokens) throw tooMany();
          return value.items as typeof map.items;
        });
      },
    });
  }

  #counted<T>(token: T | undefined): T | undefined {
    if (token) this.#count();
    return token;
  }

  #count(): void {
    if (++this.#tokens > mostTokens) throw tooMany();
  }
}

function isInsertion({ key }: Pair): boolean {
  return isScalar(key) && typeof key.value === 'string' && isInsert(key.value);
}

function tooMany(): Error {
  return new Error(`the file comes to more than ${mostTokens} values, with what its aliases stand for`);
}
