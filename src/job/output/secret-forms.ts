import { base64Forms, type Form, hexForms } from './binary-forms.ts';
import { shellForms } from './shell-forms.ts';

/** Shorter lines of a secret (characters) are not masked by themselves: they would mask ordinary output. */
const shortestLine = 3;
/** For longer values (characters), such as files, only the forms in which files are passed on are masked. */
const longest = 4096;
/** GitHub's runner masks no shorter part of a value that PowerShell has split. */
const shortestPart = 6;

/**
 * The forms in which a secret may appear in output: as it is, each of its lines, and in common encodings. The list
 * contains that of GitHub's runner (`ValueEncoders.cs`). It is a generator, since the forms of a long secret have many
 * megabytes.
 */
export function* secretForms(secret: string): Generator<Form> {
  const trimmed = secret.replace(/[\r\n]+$/, '');
  if (trimmed.trim() === '') return;
  const lines = trimmed.split(/\r\n|\r|\n/);
  const parts = lines.length > 1 ? lines.filter((line) => line.trim().length >= shortestLine) : [];
  for (const value of [trimmed, ...parts]) {
    yield { kind: 'plain', form: value };
    for (const form of textForms(value)) if (form.length >= shortestLine) yield { kind: 'plain', form };
    yield* base64Forms(value);
    if (value.length <= longest) yield* hexForms(value);
  }
}

function* textForms(value: string): Iterable<string> {
  const indented = value.trim();
  if (indented !== value) yield indented;
  yield* jsonForms(value);
  if (value.length > longest) return;
  yield* urlForms(Buffer.from(value).toString());
  yield* markupForms(value);
  yield* shellForms(value);
  if (/^".+"$/s.test(value)) yield value.slice(1, -1);
  yield* powerShellParts(value);
}

/** As written by JavaScript, Go (which escapes characters of HTML), PHP (slashes), .NET and Python (all but ASCII). */
function* jsonForms(value: string): Iterable<string> {
  const json = JSON.stringify(value).slice(1, -1);
  const unicode = (mark: string) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const ascii = json.replace(/[^\0-\x7f]/g, unicode);
  yield json;
  yield ascii;
  yield json.replace(/[<>&\u2028\u2029]/g, unicode);
  yield ascii.replaceAll('/', '\\/');
  yield json.replaceAll('/', '\\/');
  yield json
    .replaceAll('\\"', '\\u0022')
    .replace(/[<>&'+`]|[^\0-\x7f]/g, (mark) => unicode(mark).replace(/[a-f]/g, (digit) => digit.toUpperCase()));
}

/** As written by JavaScript, Python (`quote` keeps `/`, and escapes more) and forms, in upper or lower case. */
function* urlForms(value: string): Iterable<string> {
  const component = encodeURIComponent(value);
  const strict = component.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  for (const form of [component, strict, strict.replaceAll('%2F', '/'), strict.replaceAll('%20', '+')]) {
    yield form;
    yield form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  }
}

/** As written in XML and HTML, with names or numbers for the quotes. */
function* markupForms(value: string): Iterable<string> {
  const text = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  yield text;
  for (const [double, single] of [
    ['&quot;', '&apos;'],
    ['&quot;', '&#39;'],
    ['&quot;', '&#x27;'],
    ['&quot;', "'"],
    ['&#34;', '&#39;'],
  ] as const)
    yield text.replaceAll('"', double).replaceAll("'", single);
}

/** PowerShell prints a failed command in colours, which split it at an ampersand, as GitHub's runner knows. */
function* powerShellParts(value: string): Iterable<string> {
  if (!value.includes('&')) return;
  const plus = value.indexOf('&+');
  const cut = plus >= 0 ? plus + 2 : value.lastIndexOf('&') + 1;
  for (const part of [value.slice(0, cut), value.slice(plus >= 0 ? cut + 1 : cut)])
    if (part.length >= shortestPart) yield part;
}
