/** One form of a secret. A `wrapped` form may be broken into lines anywhere. */
export interface Form {
  kind: 'plain' | 'wrapped';
  form: string;
}

/** Shorter forms (characters) may occur in ordinary output, at the end of one line and the beginning of the next. */
const shortestWrapped = 16;
const shortest = 3;

/** In a longer text a secret begins at any of three positions of a base64 group. */
export function* base64Forms(value: string): Iterable<Form> {
  const bytes = Buffer.from(value);
  for (const skipped of [0, 1, 2]) {
    if (bytes.length <= skipped + 2) continue;
    const form = withoutEnd(bytes.subarray(skipped).toString('base64'));
    yield* sorted(form);
    if (/[+/]/.test(form)) yield* sorted(form.replaceAll('+', '-').replaceAll('/', '_'));
  }
}

export function* hexForms(value: string): Iterable<Form> {
  const form = Buffer.from(value).toString('hex');
  yield* sorted(form);
  yield* sorted(form.toUpperCase());
}

/** The last character before padding depends on what follows the secret. */
function withoutEnd(base64: string): string {
  return base64.endsWith('=') ? base64.replace(/.=+$/, '') : base64;
}

function* sorted(form: string): Iterable<Form> {
  if (form.length >= shortest) yield { kind: form.length >= shortestWrapped ? 'wrapped' : 'plain', form };
}
