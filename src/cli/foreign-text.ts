// biome-ignore-all lint/suspicious/noControlCharactersInRegex: they are what does something to a terminal
import { StringDecoder } from 'node:string_decoder';

/** What begins as a sequence may go on in the next piece; a longer one (characters) is none. */
const longestSequence = 100;
const begun = /\u001b(?:\[[0-?]{0,90}[ -/]{0,5})?$/;
/** Sequences of two kinds: for the terminal, and to its window, such as one that puts something on the clipboard. */
const sequence = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;
const colour = /^\u001b\[[\d;:]*m$/;
/** All but line feed, carriage return and tab; the escape that begins a colour stays. */
const control = /(?!\u001b\[[\d;:]*m)[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** Text of others without what does something to a terminal: colours, line ends and tabs stay. */
export function harmless(text: string): string {
  return text.replace(sequence, (found) => (colour.test(found) ? found : '')).replace(control, '');
}

/** Makes a stream of text harmless, whatever pieces it comes in. */
export class HarmlessText {
  readonly #decoder = new StringDecoder('utf8');
  #held = '';

  push(piece: string | Uint8Array): string {
    const text = this.#held + (typeof piece === 'string' ? piece : this.#decoder.write(piece));
    const open = begun.exec(text.slice(-longestSequence))?.[0].length ?? 0;
    this.#held = text.slice(text.length - open);
    return harmless(text.slice(0, text.length - open));
  }
}
