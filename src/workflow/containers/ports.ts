import { ContainerProblem, quoted } from './problem.ts';
import type { ContainerPort } from './spec.ts';

const address = String.raw`(\[[0-9a-f:]+\]|\d+(?:\.\d+){3}):`;
const range = String.raw`(\d{1,5})(?:-(\d{1,5}))?`;
const form = new RegExp(`^(?:${address})?(?:(?:${range})?:)?${range}(?:/(tcp|udp))?$`, 'i');
/** Addresses that mean Volt's own choice: ports are open to the machine alone, or inside of the job's network. */
const anyAddress = ['127.0.0.1', '0.0.0.0', '[::]', '[::1]'];
/** Ports that one entry may name. */
const widest = 1000;

/**
 * The ports of one entry, as in `docker create --publish`: `80`, `8080:80`, `53:53/udp`, `8000-8010:8000-8010`.
 * @throws ContainerProblem
 */
export function portsOf(text: string): ContainerPort[] {
  const [matched, bound, host, hostEnd, first, last, kind = 'tcp'] = form.exec(text) ?? [];
  const invalid = (why: string) => new ContainerProblem('invalid', `${quoted(text)} is not a port: ${why}`);
  if (matched === undefined) throw invalid('use port, host:port or host:port/udp');
  if (bound !== undefined && !anyAddress.includes(bound))
    throw new ContainerProblem('unsupported', `the port ${quoted(text)} names an address of the machine; leave it out`);
  const inside = rangeOf(first, last, invalid);
  const outside = host === undefined ? undefined : rangeOf(host, hostEnd, invalid);
  if (outside && outside.length !== inside.length) throw invalid('both ranges must have the same length');
  const protocol = kind.toLowerCase() === 'udp' ? 'udp' : 'tcp';
  return inside.map((container, index) => {
    const published = outside?.[index];
    return { container, ...(published === undefined ? {} : { host: published }), protocol };
  });
}

function rangeOf(first: string | undefined, last: string | undefined, invalid: (why: string) => Error): number[] {
  const [from, to] = [Number(first), Number(last ?? first)];
  if (from < 1 || to > 65_535 || to < from) throw invalid('ports are numbers from 1 to 65535');
  if (to - from >= widest) throw invalid(`a range has at most ${widest} ports`);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
