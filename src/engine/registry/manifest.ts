import * as z from 'zod';
import { parseJson } from '../../system/parse-json.ts';
import { BadAnswer } from './checked-request.ts';

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const part = z.object({
  mediaType: z.string().default(''),
  digest,
  size: z.int().nonnegative(),
  /** other servers that have it */
  urls: z.array(z.string()).nullish(),
});
const platform = z.object({ os: z.string(), architecture: z.string(), variant: z.string().nullish() });

/** Layers of an image: as many as Docker takes. */
const mostLayers = 127;
const manifestSchema = z.object({ config: part, layers: z.array(part).max(mostLayers) });
const indexSchema = z.object({ manifests: z.array(part.extend({ platform: platform.nullish() })) });

/** What an image is made of, see https://github.com/opencontainers/image-spec/blob/main/manifest.md. */
export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestPart = Manifest['layers'][number];

/** The kinds of manifests and of lists of them that are understood. */
export const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;

/** Names of processors that Go, and so registries, have for those of Node. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

/**
 * @returns the manifest; or, for a list of manifests, the digest of the one for this machine
 * @throws BadAnswer
 */
export function readManifest(text: string, processor: string = process.arch): Manifest | string {
  const json = parseJson(text);
  const index = indexSchema.safeParse(json).data;
  if (index) return forMachine(index.manifests, architectures[processor] ?? processor);
  const manifest = manifestSchema.safeParse(json).data;
  if (!manifest) throw new BadAnswer('its registry describes it in a way that Volt does not understand');
  const elsewhere = [manifest.config, ...manifest.layers].find(({ urls }) => urls && urls.length > 0);
  if (elsewhere)
    throw new BadAnswer(`a part of it, ${elsewhere.digest}, is not at its registry but at another address`);
  return manifest;
}

/** Of several variants of a processor, the one that most machines have. */
function forMachine(manifests: z.infer<typeof indexSchema>['manifests'], architecture: string): string {
  const fitting = manifests.filter(({ platform: of }) => of?.os === 'linux' && of.architecture === architecture);
  const [first] = fitting;
  if (!first) throw new BadAnswer(`its registry does not have it for linux/${architecture}`);
  return (fitting.find(({ platform: of }) => !of?.variant || /^v[78]$/.test(of.variant)) ?? first).digest;
}
