import { builderRemedy, whyNoBuilder } from '../../exec/image-builder.ts';
import { settleIsolation } from '../../exec/isolation-check.ts';
import { programPath } from '../../exec/programs.ts';
import type { Config } from '../../kernel/config.ts';
import { asVoltError } from '../../kernel/errors.ts';
import { type Finding, ok, warn } from './finding.ts';

const check = 'image builds';

/** Checks whether isolated jobs can build images: those of docker actions, and by their own commands where that is allowed. */
export async function buildsFinding(config: Config): Promise<Finding> {
  try {
    const why = await whyNoBuilder();
    if (config.allowBuilds !== '') return await ownBuilds(config, why);
    if (why === undefined) return ok(check, 'isolated jobs build a Dockerfile with buildah');
    return ok(check, `none; only isolated jobs that build a Dockerfile need buildah, and ${why}`);
  } catch (error) {
    const { message, remedy } = asVoltError(error);
    return warn(check, message, remedy);
  }
}

/** @param why docker actions cannot be built */
async function ownBuilds({ allowBuilds, isolation }: Config, why: string | undefined): Promise<Finding> {
  const { level, inContainers } = await settleIsolation(isolation);
  const bad = (what: string, remedy: string) => warn(check, `VOLT_ALLOW_BUILDS does not work: ${what}`, remedy);
  if (level !== 'sandbox' || inContainers || process.getuid?.() !== 0) {
    const remedy = 'Start the runner as root, with VOLT_ISOLATION=sandbox.';
    return bad('jobs build images by their own commands only in a sandbox of a runner that is root', remedy);
  }
  if (why !== undefined) return bad(why, builderRemedy);
  if (!programPath('newuidmap').startsWith('/'))
    return bad('newuidmap is missing', 'Install uidmap (Debian, Ubuntu: apt-get install uidmap).');
  return ok(check, `isolated jobs build a Dockerfile with buildah, those of ${allowBuilds} by their own commands, too`);
}
