import type { Engine } from '../../engine/engine.ts';
import { defaultHost, imageName } from '../../engine/image-name.ts';
import type { PullOptions } from '../../engine/image-pulls.ts';
import type { Image, RegistryLogin } from '../../engine/images.ts';
import type { Reach } from '../../engine/registry/checked-request.ts';
import { asVoltError, VoltError } from '../../kernel/errors.ts';
import { isTimeLimit } from '../outcome.ts';
import type { ContainerJob } from './container-job.ts';

/** An image that a job needs. */
export interface ImageRequest {
  /** in full */
  name: string;
  login: RegistryLogin | undefined;
  /** begins what the log says about it */
  title: string;
  signal: AbortSignal;
}

/**
 * Gets the image of a container. That the job's time runs out meanwhile is not the commit's fault.
 * @throws VoltError `unsupported` where the machine does not allow the image, `image_unavailable`, `engine_failed`; the reason of the signal
 */
export async function jobImage(job: ContainerJob, engine: Engine, request: ImageRequest): Promise<Image> {
  const { name, login, title, signal } = request;
  const { containers } = job.context;
  if (!containers.allows(name)) throw notListed(`the image ${name} is not among those`);
  const say = (text: string) => void job.log.line(job.masker.text(title + text));
  try {
    return await job.context.engine.pulls.get(engine, name, {
      login,
      say,
      signal,
      ...(await registryRules(job, name)),
      limit: containers.largestImage,
    });
  } catch (error) {
    if (!isTimeLimit(signal.reason)) throw error;
    const tooSlow = new VoltError('image_unavailable', `the time limit ended the pull of the image ${name}`, {
      remedy: 'Pull it on the machine of the runner beforehand, or raise the time limit.',
    });
    if (signal.reason === job.context.signal.reason) job.tooSlow = tooSlow;
    throw tooSlow;
  }
}

/**
 * The engine pulls with the network of the machine, so a commit must not choose a registry that its job cannot reach. For refs that
 * are not trusted, Volt fetches the image itself: the engine would follow a registry to any address.
 */
async function registryRules(
  { context, input }: ContainerJob,
  name: string,
): Promise<Pick<PullOptions, 'permit' | 'reach'>> {
  const { host, full } = imageName(name);
  const { images, processes, fetchPolicy } = context;
  const named = [...(images?.byLabel.values() ?? []), images?.usual, input.repo.image];
  // the owner has chosen the registry
  if (named.some((each) => each !== undefined && imageName(each).full === full)) return {};
  // such a job reaches all that the engine does
  if ((await processes).network === 'machine') return {};
  const reach: Reach = async (server) => {
    try {
      return await fetchPolicy.toRegistry(server);
    } catch (error) {
      const { message, remedy } = asVoltError(error);
      throw new VoltError('image_unavailable', `the image ${name} is not to be had: ${message}`, {
        remedy,
        cause: error,
      });
    }
  };
  return {
    permit: async () => {
      if (host !== defaultHost) await reach(host);
    },
    ...(fetchPolicy.pinsRegistries && { reach }),
  };
}

/** @param what begins the sentence */
function notListed(what: string): VoltError {
  return new VoltError('unsupported', `${what} that this runner allows`, {
    remedy: 'The owner of the machine can allow it by `volt runner --allow-images NAME` or VOLT_ALLOW_IMAGES.',
  });
}
