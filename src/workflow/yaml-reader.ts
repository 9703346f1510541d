import type { LiteralToken, MappingToken, SequenceToken } from '@actions/workflow-parser/templates/tokens/index';
import { StringToken } from '@actions/workflow-parser/templates/tokens/string-token';
import { YamlObjectReader } from '@actions/workflow-parser/workflows/yaml-object-reader';
import { type Document, isAlias, isMap, isScalar, type Pair, visit } from 'yaml';
import { isInsert } from './template.ts';

/** The most values, keys and collections of a file with its aliases expanded; real files have fewer than 5,000. */
const mostTokens = 50_000;

/**
 * The package's YAML reader without three of its defects: it returns the source of a multi-line text instead of its value
 * (D1), so indentation stays and chomping and folding are ignored; it follows aliases without limit (D3); and it fails on
 * keys that are numbers.
 */
export class BoundedYamlReader extends YamlObjectReader {
  #tokens = 0;

  constructor(file: number | undefined, text: string) {
    super(file, text);
    this.#insert();
  }

  /** Warnings of YAML: an unknown tag, as in `if: !cancelled()` (D4). */
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
   * Expands `${{ insert }}` with a literal mapping into the mapping around it; the parser only supports it with an
   * expression.
   */
  #insert(): void {
    const document = this.#document;
    let inserted = 0;
    visit(document, {
      Map: (_, map) => {
        if (!map.items.some(isInsertion)) return;
        map.items = map.items.flatMap((pair) => {
          const value = isAlias(pair.value) ? pair.value.resolve(document) : pair.value;
          if (!isInsertion(pair) || !isMap(value) || value === map) return [pair];
          inserted += value.items.length;
          if (inserted > mostTokens) throw tooMany();
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

/** The message of a file with too many values. */
export const tooManyValues = `the file has more than ${mostTokens} values, including its expanded aliases`;

function tooMany(): Error {
  return new Error(tooManyValues);
}
