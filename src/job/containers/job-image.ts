import type { Engine } from '../../engine/engine.ts';
import type { Image, RegistryLogin } from '../../engine/images.ts';
import { VoltError } from '../../kernel/errors.ts';
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
    return await job.context.engine.pulls.get(engine, name, { login, say, signal });
  } catch (error) {
    if (!isTimeLimit(signal.reason)) throw error;
    const tooSlow = new VoltError('image_unavailable', `the time limit ended the pull of the image ${name}`, {
      remedy: 'Pull it on the machine of the runner beforehand, or raise the time limit.',
    });
    if (signal.reason === job.context.signal.reason) job.tooSlow = tooSlow;
    throw tooSlow;
  }
}

/** @param what begins the sentence */
function notListed(what: string): VoltError {
  return new VoltError('unsupported', `${what} that this runner allows`, {
    remedy: 'The owner of the machine can allow it by `volt runner --allow-images NAME` or VOLT_ALLOW_IMAGES.',
  });
}
