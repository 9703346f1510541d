import * as z from 'zod';
import { toText } from '../expression.ts';
import type { Json } from '../template.ts';
import { fullImageName, isNoImage } from './image-name.ts';
import { parseOptions, refuseEntrypoint, wordsOf } from './options.ts';
import { portsOf } from './ports.ts';
import { ContainerProblem, matching } from './problem.ts';
import { type ContainerRights, checkRights } from './rights.ts';
import type { ContainerSpec, ServiceSpec } from './spec.ts';
import { machineVolumes, volumeOf } from './volumes.ts';

/** Services of a job, and entries of each list of a container. */
const most = 100;

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]).transform(toText);
const scalars = z.array(scalar).max(most).nullish();
const container = z.strictObject({
  image: scalar.optional(),
  env: z.record(z.string().regex(/^[^=\0]+$/), scalar).nullish(),
  ports: scalars,
  volumes: scalars,
  options: scalar.optional(),
  credentials: z.strictObject({ username: scalar.optional(), password: scalar.optional() }).nullish(),
});
const service = container.extend({ entrypoint: scalar.optional(), command: scalar.optional() });

/** Names that services may have: they are host names, and keys of `job.services`. */
const serviceId = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/;

/**
 * The container of a job.
 * @param value `jobs.<id>.container` after evaluation
 * @param allowed.workspaces the paths that mean the job's workspace
 * @param allowed.rights of the job on this machine
 * @param allowed.isIsolated whether the job must not have the rights of Volt
 * @returns undefined if there is none, or its image is empty
 * @throws ContainerProblem
 */
export function containerOf(value: Json, allowed: Allowed): ContainerSpec | undefined {
  const { entrypoint, ...spec } = specOf(parse(container, value, '`container`'), '`container`', allowed) ?? {};
  inside('`container`', () => refuseEntrypoint(entrypoint));
  return 'image' in spec ? spec : undefined;
}

/**
 * The services of a job.
 * @param value `jobs.<id>.services` after evaluation
 * @param allowed as for `containerOf`
 * @returns `unused`: ids of services with an empty image
 * @throws ContainerProblem
 */
export function servicesOf(value: Json, allowed: Allowed): { services: ServiceSpec[]; unused: string[] } {
  const all = Object.entries(parse(z.record(z.string(), z.json()).nullable(), value, '`services`') ?? {});
  if (all.length > most) throw new ContainerProblem('invalid', `a job has at most ${most} services`);
  const services: ServiceSpec[] = [];
  const unused: string[] = [];
  for (const [id, each] of all) {
    const key = `\`services.${matching(id, serviceId, 'a service needs a host name as its id')}\``;
    const given = parse(service, each as Json, key);
    const spec = specOf(given, key, allowed);
    if (!spec) unused.push(id);
    else {
      const { entrypoint: flag, ...container } = spec;
      const entrypoint = given.entrypoint || flag;
      const command = inside(key, () => wordsOf(given.command ?? ''));
      services.push({ ...container, id, ...(entrypoint && { entrypoint }), command });
    }
  }
  return { services, unused };
}

interface Allowed {
  workspaces: readonly string[];
  rights: ContainerRights;
  isIsolated: boolean;
}

type Given = z.infer<typeof container>;

function parse<T extends z.ZodType>(schema: T, value: Json, key: string): z.infer<T> {
  const isShort = typeof value === 'string' || value === null;
  const parsed = schema.safeParse(isShort && key !== '`services`' ? { image: value ?? '' } : value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map((part) => `.${String(part)}`).join('') ?? '';
  throw new ContainerProblem('invalid', `${key.slice(0, -1)}${path}\` is not valid: ${issue?.message}`);
}

function specOf(
  given: Given,
  key: string,
  { workspaces, rights, isIsolated }: Allowed,
): (ContainerSpec & { entrypoint?: string | undefined }) | undefined {
  const { image = '', credentials } = given;
  if (isNoImage(image)) return undefined;
  const { username = '', password = '' } = credentials ?? {};
  return inside(key, () => {
    const { options, entrypoint, privileged, reaching, ...flags } = parseOptions(given.options ?? '');
    const volumes = [...flags.volumes, ...(given.volumes ?? [])].map((volume) => volumeOf(volume, workspaces));
    const asked = isIsolated ? [...privileged, ...reaching] : privileged;
    checkRights({ privileged: asked, volumes: machineVolumes(volumes, isIsolated) }, rights);
    return {
      image: fullImageName(image),
      env: { ...flags.env, ...given.env },
      ports: [...flags.ports, ...(given.ports ?? []).flatMap(portsOf)],
      volumes,
      options,
      entrypoint,
      // as on GitHub, credentials without both are not used
      ...(username !== '' && password !== '' && { credentials: { username, password } }),
    };
  });
}

/** Says in an error which container it is about. */
function inside<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ContainerProblem)) throw error;
    throw new ContainerProblem(error.severity, `${key}: ${error.message}`);
  }
}
