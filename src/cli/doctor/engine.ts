import { existsSync } from 'node:fs';
import { chooseEngine, engineRemedy } from '../../engine/find-engine.ts';
import type { Config } from '../../kernel/config.ts';
import { asVoltError, errorText } from '../../kernel/errors.ts';
import { engineEnvironment, searchPath } from '../../system/environment.ts';
import { runProgram } from '../../system/run-program.ts';
import { programOn } from '../../system/search-path.ts';
import { type Finding, ok, warn } from './finding.ts';

/** Milliseconds; podman sets up its store at its first start. */
const infoTimeout = 20_000;

/** Where distributions install the name server of podman's networks. */
const nameServers = ['/usr/lib/podman/aardvark-dns', '/usr/libexec/podman/aardvark-dns'];

/** Checks which engine runs containers, and what it lacks. */
export async function engineFinding(config: Config): Promise<Finding> {
  const check = 'container engine';
  try {
    const choice = await chooseEngine(config);
    if (!choice) return ok(check, 'none; only containers need one');
    if ('engine' in choice) return ok(check, choice.engine.title);
    const format = '{{.Version.Version}} {{.Host.Security.Rootless}} {{.Host.OCIRuntime.Name}}';
    const about = await runProgram(choice.podman, ['info', '--format', format], {
      env: engineEnvironment(),
      timeout: infoTimeout,
    });
    const [version, isRootless, runtime] = about.trim().split(' ');
    const title = `podman ${version} with ${runtime}, ${isRootless === 'true' ? 'without root' : 'as root'}`;
    const lacking = [
      ...(programOn(`${searchPath()}:/usr/sbin:/sbin`, 'nft') === undefined ? ['nftables'] : []),
      ...(nameServers.some((path) => existsSync(path)) ? [] : ['aardvark-dns']),
    ];
    if (lacking.length === 0) return ok(check, title);
    const remedy = `Install ${lacking.join(' and ')}: without it, podman's networks do not work.`;
    return warn(check, `${title}; ${lacking.join(' and ')} is missing`, remedy);
  } catch (error) {
    const { code, message, remedy } = asVoltError(error);
    if (code === 'engine_failed') return warn(check, message, remedy);
    return warn(check, `podman does not work: ${errorText(error)}`, engineRemedy);
  }
}
