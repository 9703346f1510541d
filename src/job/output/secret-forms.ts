import { base64Forms, type Form, hexForms } from './binary-forms.ts';
import { shellForms } from './shell-forms.ts';

/** Lines of a secret that are shorter (characters) are not hidden by themselves: they would blacken ordinary output. */
const shortestLine = 3;
/** Of longer values (characters), such as files, only those forms are looked for in which files are handed on. */
const longest = 4096;
/** GitHub's runner hides no shorter part of a value that PowerShell has split. */
const shortestPart = 6;

/**
 * The forms in which a secret may show in output: as it is, each of its lines, and what common encodings make of it. The
 * list has that of GitHub's runner (`ValueEncoders.cs`) in it. One after the other, since a long secret has many megabytes of
 * them.
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

/** As JavaScript, Go (which escapes what HTML has), PHP (slashes), .NET and Python (whatever is not ASCII) write it. */
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

/** As JavaScript, Python (`quote` keeps `/`, and escapes more) and forms write it, in capitals or not. */
function* urlForms(value: string): Iterable<string> {
  const component = encodeURIComponent(value);
  const strict = component.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  for (const form of [component, strict, strict.replaceAll('%2F', '/'), strict.replaceAll('%20', '+')]) {
    yield form;
    yield form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  }
}

/** As XML and HTML have it, by names or numbers for the quotes. */
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

/** PowerShell shows a command that has failed in colours, which split it at an ampersand, as GitHub's runner knows it. */
function* powerShellParts(value: string): Iterable<string> {
  if (!value.includes('&')) return;
  const plus = value.indexOf('&+');
  const cut = plus >= 0 ? plus + 2 : value.lastIndexOf('&') + 1;
  for (const part of [value.slice(0, cut), value.slice(plus >= 0 ? cut + 1 : cut)])
    if (part.length >= shortestPart) yield part;
}
