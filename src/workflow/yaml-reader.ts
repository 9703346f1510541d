import type { LiteralToken, MappingToken, SequenceToken } from '@actions/workflow-parser/templates/tokens/index';
import { StringToken } from '@actions/workflow-parser/templates/tokens/string-token';
import { YamlObjectReader } from '@actions/workflow-parser/workflows/yaml-object-reader';
import { type Document, isScalar } from 'yaml';

/** Values, keys and collections that a file may come to once its aliases are followed; real files have below 5,000. */
const mostTokens = 50_000;

/**
 * The package's reader of YAML without three of its defects: it hands on the source of a text that spans lines instead
 * of its value (D1), which keeps indentation and ignores chomping and folding; it follows aliases without end (D3); and
 * it fails on keys that are numbers.
 */
export class BoundedYamlReader extends YamlObjectReader {
  #tokens = 0;

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

  #counted<T>(token: T | undefined): T | undefined {
    if (token) this.#count();
    return token;
  }

  #count(): void {
    if (++this.#tokens > mostTokens) {
      throw new Error(`the file comes to more than ${mostTokens} values, with what its aliases stand for`);
    }
  }
}
