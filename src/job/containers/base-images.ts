import { fullImageName } from '../../workflow/containers/image-name.ts';

/** Images of one Dockerfile; the engine gets further ones itself. */
const most = 20;

/**
 * The images that a Dockerfile begins with, as far as it writes them out.
 * @param text of the Dockerfile
 * @returns full names, each once
 * @see https://docs.docker.com/reference/dockerfile/#from
 */
export function baseImages(text: string): string[] {
  const stages = new Set(['scratch']);
  const names = new Set<string>();
  for (const line of text.replace(/\\[ \t]*\r?\n/g, ' ').split('\n')) {
    const [, name = '', stage] = /^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(line) ?? [];
    if (name !== '' && !name.includes('$') && !stages.has(name.toLowerCase())) {
      const full = nameOf(name);
      if (full !== undefined) names.add(full);
    }
    if (stage !== undefined) stages.add(stage.toLowerCase());
  }
  return [...names].slice(0, most);
}

/** @returns undefined for what is no name: the engine says so */
function nameOf(name: string): string | undefined {
  try {
    return fullImageName(name);
  } catch {
    return undefined;
  }
}
