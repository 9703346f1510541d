import { labelFilter, unlessGone } from './containers.ts';
import type { Engine } from './engine.ts';
import { type ImageName, imageName } from './image-name.ts';
import { PullProgress } from './pull-progress.ts';

/** An image that the engine has. */
export interface Image {
  id: string;
  /** on the disk, with the layers that it shares with other images */
  bytes: number;
  /** milliseconds since 1970 */
  createdAt: number;
  /** names with tags that it has */
  names: string[];
  /** `name@sha256:…` under which the registry has it; undefined for one that was made here */
  digest: string | undefined;
  /** user of its processes, as `name`, `uid` or either with `:group`; empty for root */
  user: string;
  env: Readonly<Record<string, string>>;
  entrypoint: readonly string[];
  command: readonly string[];
}

/**
 * What a container of an image runs.
 * @param entrypoint instead of that of the image, whose own arguments do not go with another one
 * @param args instead of those of the image
 */
export function argvOf(image: Image, entrypoint: string | undefined, args: readonly string[]): string[] {
  const own = entrypoint === undefined ? image : { entrypoint: [entrypoint], command: [] };
  return [...own.entrypoint, ...(args.length > 0 ? args : own.command)];
}

export interface RegistryLogin {
  username: string;
  password: string;
}

interface ImageConfig {
  User?: string;
  Env?: string[] | null;
  Entrypoint?: string[] | null;
  Cmd?: string[] | null;
}

/** @returns undefined where the engine does not have the image. @param name its name, or its id */
export async function imageOf({ connection }: Engine, name: ImageName | string): Promise<Image | undefined> {
  const asked = typeof name === 'string' ? name : name.full;
  const found = await unlessGone(
    connection.docker<{
      Id: string;
      Size?: number;
      Created?: string;
      RepoTags?: string[] | null;
      RepoDigests?: string[] | null;
      Config?: ImageConfig | null;
    }>(`/images/${encodeURIComponent(asked)}/json`),
  );
  if (!found) return undefined;
  const {
    Id: id,
    Size: bytes = 0,
    Created: created = '',
    RepoTags: names,
    RepoDigests: digests,
    Config: config,
  } = found;
  const repository = typeof name === 'string' ? '' : name.repository;
  // Docker leaves out the host of its own registry
  const all = (digests ?? []).map((each) => imageName(each).full);
  return {
    ...{ id, bytes, names: names ?? [], createdAt: Date.parse(created) },
    digest: all.find((each) => each.startsWith(`${repository}@`)) ?? all[0],
    user: config?.User ?? '',
    ...{ entrypoint: config?.Entrypoint ?? [], command: config?.Cmd ?? [] },
    env: Object.fromEntries((config?.Env ?? []).map((pair) => [pair.split('=', 1)[0], pair.replace(/^[^=]*=/, '')])),
  };
}

/** Ids of the images that containers, running or not, are made from. */
export async function imagesInUse({ connection }: Engine): Promise<ReadonlySet<string>> {
  const containers = await connection.docker<{ ImageID?: string }[]>('/containers/json', { query: { all: 'true' } });
  return new Set(containers.flatMap(({ ImageID: id = '' }) => (id === '' ? [] : [id])));
}

/** Gives an image a further name. @param name in full */
export async function tagImage({ connection }: Engine, id: string, name: ImageName): Promise<void> {
  const query = { repo: name.repository, tag: name.version };
  await connection.docker(`/images/${encodeURIComponent(id)}/tag`, { method: 'POST', query });
}

/**
 * Takes a name from an image; the last one removes the image.
 * @param name in full, or the id of an image without a name
 * @throws EngineRefusal where a container uses it; VoltError `engine_failed`
 */
export async function removeName({ connection }: Engine, name: string): Promise<void> {
  await unlessGone(connection.docker(`/images/${encodeURIComponent(name)}`, { method: 'DELETE' }));
}

/** Ids of the images that were built with all of the labels. */
export async function imagesWith({ connection }: Engine, labels: Readonly<Record<string, string>>): Promise<string[]> {
  const found = await connection.docker<{ Id: string }[]>('/images/json', { query: { filters: labelFilter(labels) } });
  return found.map(({ Id: id }) => id);
}

/** Removes an image that no container uses, and what only it was built from. One that is gone is no error. */
export async function removeImage({ connection }: Engine, id: string): Promise<void> {
  await unlessGone(
    connection.docker(`/images/${encodeURIComponent(id)}`, { method: 'DELETE', query: { force: 'true' } }),
  );
}

/** Milliseconds without a word of the engine after which a pull counts as broken. */
const pullPatience = 120_000;
/** Characters of a line of the engine's answer. */
const longestLine = 65_536;

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
  const progress = new PullProgress(say);
  let rest = '';
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()?.slice(0, longestLine) ?? '';
    for (const line of lines) progress.take(line);
  }
  progress.take(rest);
}

/** A login goes in a header, which no engine keeps or shows; both want the padding of base64url. */
function loginHeader({ username, password }: RegistryLogin, host: string): string {
  const text = Buffer.from(JSON.stringify({ username, password, serveraddress: host })).toString('base64');
  return text.replaceAll('+', '-').replaceAll('/', '_');
}
