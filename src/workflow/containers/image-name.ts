import { ContainerProblem, quoted } from './problem.ts';

/** Characters of an image's name; registries allow 255 in the path alone. */
const longest = 500;

// the grammar of `github.com/distribution/reference`, which Docker and podman share
const label = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const registry = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::\\d{1,5})?`;
const component = '[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*';
const path = `${component}(?:/${component})*`;
const tagName = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const digestName = 'sha256:[0-9a-f]{64}';
const image = new RegExp(`^(?:(${registry})/)?(${path})(?::(${tagName}))?(?:@(${digestName}))?$`);

/** Whether the value of `image` asks for no container. */
export function isNoImage(text: string): boolean {
  return text.replace(/^docker:\/\//, '') === '';
}

/**
 * The full name of an image: `node` is `docker.io/library/node:latest`. Ids of images are refused, since they would name
 * an image that another repository's credentials have pulled.
 * @param text with or without `docker://`
 * @throws ContainerProblem
 */
export function fullImageName(text: string): string {
  const name = text.replace(/^docker:\/\//, '');
  const invalid = (remedy: string) => new ContainerProblem('invalid', `${quoted(name)} is not an image: ${remedy}`);
  const [, first, rest = '', tag, digest] = (name.length <= longest && image.exec(name)) || [];
  if (rest === '') {
    const lower = /[A-Z]/.test(name) ? '; names are in lower case' : '';
    throw invalid(`use name, name:tag, registry/name:tag or name@sha256:…${lower}`);
  }
  const repository = qualified(first, rest);
  if (/^docker\.io\/library\/(?:sha256|[0-9a-f]{64})$/.test(repository))
    throw invalid('use its name instead of its id');
  const version = tag === undefined && digest === undefined ? 'latest' : tag;
  return `${repository}${version === undefined ? '' : `:${version}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** As Docker does: the first part is a registry if it has a dot, a port or a capital letter, or if it is `localhost`. */
function qualified(first: string | undefined, rest: string): string {
  if (first === undefined) return `docker.io/library/${rest}`;
  const isRegistry = /[.:A-Z]/.test(first) || first === 'localhost';
  if (!isRegistry) return `docker.io/${first}/${rest}`;
  if (first !== 'docker.io' && first !== 'index.docker.io') return `${first}/${rest}`;
  return `docker.io/${rest.includes('/') ? '' : 'library/'}${rest}`;
}
