import { VoltError } from '../../kernel/errors.ts';
import { version } from '../../kernel/version.ts';
import { fetchErrorText, isRefusedPort } from '../../system/fetch-error.ts';

/** Milliseconds for a whole answer: a person waits for it. */
const timeout = 10_000;
/** The most bytes of an answer. Somebody in a thousand groups has a token of some 50 kB. */
const mostBytes = 1_000_000;

/** A form, or nothing. */
type Body = string | URLSearchParams | Uint8Array | ReadableStream | null | undefined;

/**
 * Asks a provider, as fetch does. The answer is bounded in time and size, and a redirect is an answer like others.
 * @throws VoltError `provider_unreachable`
 */
export async function askProvider(
  url: string,
  { method, headers, body }: { method: string; headers: { [name: string]: string }; body?: Body },
): Promise<Response> {
  const signal = AbortSignal.timeout(timeout);
  try {
    const answer = await fetch(url, {
      ...{ method, signal, redirect: 'manual', body: body ?? null },
      headers: { ...headers, 'user-agent': `volt-ci/${version}` },
    });
    const { status } = answer;
    const text = await textOf(answer);
    return new Response(text === '' ? null : text, { status, headers: answer.headers });
  } catch (error) {
    throw unreachable(url, signal.aborted, error);
  }
}

function unreachable(address: string, isLate: boolean, error: unknown): VoltError {
  const { host, origin, pathname } = new URL(address);
  if (isRefusedPort(error)) {
    return new VoltError('provider_unreachable', `${origin}${pathname} cannot be asked: ${fetchErrorText(error)}`, {
      remedy:
        'Let the provider listen on another port, such as 443, and add it with that address. `volt provider check` tells whether Volt reaches it.',
      cause: error,
    });
  }
  const why = isLate ? `no answer within ${timeout / 1000} s` : fetchErrorText(error);
  return new VoltError('provider_unreachable', `${host} does not answer: ${why}`, {
    remedy: 'Check the address of the provider and the network. Until then, sign in with an access token.',
    cause: error,
  });
}

async function textOf(answer: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of answer.body ?? []) {
    parts.push(part);
    bytes += part.length;
    if (bytes > mostBytes) throw new Error(`the answer is larger than ${mostBytes / 1e6} MB`);
  }
  return Buffer.concat(parts).toString('utf8');
}
