/** Lines of a secret that are shorter (characters) are not hidden by themselves: they would blacken ordinary output. */
const shortestLine = 3;

/**
 * The forms in which a secret may show in output: as it is, each of its lines, and what common encodings make of it.
 * The list is that of GitHub's runner (`ValueEncoders.cs`), without those of PowerShell.
 */
export function disguises(secret: string): Set<string> {
  const forms = new Set<string>();
  const trimmed = secret.replace(/[\r\n]+$/, '');
  if (trimmed.trim() === '') return forms;
  const lines = trimmed.split(/\r\n|\r|\n/);
  for (const value of [
    trimmed,
    ...(lines.length > 1 ? lines.filter((line) => line.trim().length >= shortestLine) : []),
  ]) {
    forms.add(value);
    for (const form of encodings(value)) if (form.length >= shortestLine) forms.add(form);
  }
  return forms;
}

function* encodings(value: string): Iterable<string> {
  yield JSON.stringify(value).slice(1, -1);
  yield* urlForms(Buffer.from(value).toString());
  yield value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
  yield value.replaceAll("'", "''");
  yield value.replaceAll('"', '\\"');
  if (/^".+"$/s.test(value)) yield value.slice(1, -1);
  const bytes = Buffer.from(value);
  // inside a longer text the secret begins at any of three places of a group of base64
  for (const shift of [0, 1, 2])
    if (bytes.length > shift + 2) yield withoutEnd(bytes.subarray(shift).toString('base64'));
}

/** As JavaScript, Python (`quote` keeps `/`, and escapes more) and forms write it. */
function* urlForms(value: string): Iterable<string> {
  const component = encodeURIComponent(value);
  const strict = component.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  yield component;
  yield strict;
  yield strict.replaceAll('%2F', '/');
  yield strict.replaceAll('%20', '+');
}

/** The last character before padding depends on what follows the secret. */
function withoutEnd(base64: string): string {
  return base64.endsWith('=') ? base64.replace(/.=+$/, '') : base64;
}
