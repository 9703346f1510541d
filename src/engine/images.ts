import { EngineRefusal } from './connection.ts';
import { unlessGone } from './containers.ts';
import type { Engine } from './engine.ts';
import type { ImageName } from './image-name.ts';

/** An image that the engine has. */
export interface Image {
  id: string;
  /** `name@sha256:…` under which the registry has it; undefined for one that was made here */
  digest: string | undefined;
  /** user of its processes, as `name`, `uid` or either with `:group`; empty for root */
  user: string;
  env: Readonly<Record<string, string>>;
}

export interface RegistryLogin {
  username: string;
  password: string;
}

/** @returns undefined where the engine does not have the image */
export async function imageOf({ connection }: Engine, name: ImageName): Promise<Image | undefined> {
  const found = await unlessGone(
    connection.docker<{
      Id: string;
      RepoDigests?: string[] | null;
      Config?: { User?: string; Env?: string[] | null } | null;
    }>(`/images/${encodeURIComponent(name.full)}/json`),
  );
  if (!found) return undefined;
  const { Id: id, RepoDigests: digests, Config: config } = found;
  return {
    id,
    digest: digests?.find((each) => each.startsWith(`${name.repository}@`)) ?? digests?.[0],
    user: config?.User ?? '',
    env: Object.fromEntries((config?.Env ?? []).map((pair) => [pair.split('=', 1)[0], pair.replace(/^[^=]*=/, '')])),
  };
}

/** Milliseconds without a word of the engine after which a pull counts as broken. */
const pullPatience = 120_000;

/**
 * Fetches an image from its registry.
 * @param say takes what the engine says about it
 * @throws EngineRefusal with what the registry says; VoltError `engine_failed`
 */
export async function pullImage(
  { connection }: Engine,
  { host, repository, version }: ImageName,
  { login, say, signal }: { login: RegistryLogin | undefined; say(text: string): void; signal?: AbortSignal },
): Promise<void> {
  const answer = await connection.stream('/images/create', {
    method: 'POST',
    // the caller tries again; podman would, too
    query: { fromImage: repository, tag: version, retry: '0' },
    ...(login && { headers: { 'x-registry-auth': loginHeader(login, host) } }),
    patience: pullPatience,
    signal,
  });
  answer.setTimeout(pullPatience, () => answer.destroy(new Error(`nothing was heard for ${pullPatience / 1000} s`)));
  let rest = '';
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()?.slice(0, 65_536) ?? '';
    for (const line of lines) heed(line, say);
  }
  heed(rest, say);
}

/** A login goes in a header, which no engine keeps or shows; both want the padding of base64url. */
function loginHeader({ username, password }: RegistryLogin, host: string): string {
  const text = Buffer.from(JSON.stringify({ username, password, serveraddress: host })).toString('base64');
  return text.replaceAll('+', '-').replaceAll('/', '_');
}

/** @throws EngineRefusal where the line says that the pull has failed */
function heed(line: string, say: (text: string) => void): void {
  if (line.trim() === '') return;
  let said: { status?: unknown; error?: unknown; id?: unknown };
  try {
    said = JSON.parse(line);
  } catch {
    return;
  }
  if (typeof said.error === 'string') throw new EngineRefusal(502, said.error.slice(0, 2000));
  // a layer says many times how much of it is there
  if (typeof said.status === 'string' && !/^(Downloading|Extracting|Waiting)/.test(said.status))
    say([said.id, said.status].filter((part) => typeof part === 'string' && part !== '').join(': '));
}
