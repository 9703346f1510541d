import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { asVoltError, errorText, VoltError } from '../kernel/errors.ts';
import { readText } from '../system/read-text.ts';
import { pause } from '../system/wait.ts';
import { EngineRefusal } from './connection.ts';
import type { Engine } from './engine.ts';
import { type ImageName, imageName } from './image-name.ts';
import { type Image, imageOf, pullImage, type RegistryLogin } from './images.ts';

/** Tries of a pull, and milliseconds before the second one; each further pause is twice as long. */
const tries = 3;
const firstPause = 1000;

/** What a registry or its network says when a later try may succeed. */
const passing =
  /connection (refused|reset)|timeout|timed out|no such host|temporary failure|unexpected EOF|TLS handshake|too many requests|internal server error|bad gateway|service unavailable|nothing was heard/i;

export interface PullOptions {
  login: RegistryLogin | undefined;
  /** takes sentences for the job's log */
  say(text: string): void;
  signal: AbortSignal;
}

/** Fetches the images of a runner's jobs. Jobs that want the same image at the same time share one pull. */
export class ImagePulls {
  readonly #policy: Config['imagePull'];
  /** file with the names of images that were pulled with credentials */
  readonly #notes: string;
  readonly #running = new Map<string, Promise<void>>();

  constructor({ imagePull, dataDir }: Pick<Config, 'imagePull' | 'dataDir'>) {
    this.#policy = imagePull;
    this.#notes = join(dataPaths(dataDir).engine, 'private-images');
  }

  /**
   * The image, pulled if the policy wants it. An image that was pulled with credentials is pulled again for every job, since
   * only the registry knows who may have it; what the engine has of it is not transferred again.
   * @param name in full
   * @throws VoltError `image_unavailable`, `engine_failed`
   */
  async get(engine: Engine, name: string, options: PullOptions): Promise<Image> {
    const image = imageName(name);
    const isPrivate = options.login !== undefined || this.#isPrivate(image);
    const found = this.#policy === 'always' || isPrivate ? undefined : await imageOf(engine, image);
    if (found) return found;
    if (this.#policy === 'never') {
      if (isPrivate) throw unavailable(image, 'VOLT_IMAGE_PULL is "never", so its registry cannot say who may use it');
      throw unavailable(image, 'this machine does not have it, and VOLT_IMAGE_PULL is "never"');
    }
    if (options.login) this.#note(image);
    await this.#pullOnce(engine, image, options);
    const pulled = await imageOf(engine, image);
    if (!pulled) throw unavailable(image, 'the engine does not have it after the pull');
    return pulled;
  }

  async #pullOnce(engine: Engine, image: ImageName, options: PullOptions): Promise<void> {
    const key = JSON.stringify([image.full, options.login ?? null]);
    const running = this.#running.get(key);
    if (running) {
      options.say(`waiting for another job that pulls ${image.full}`);
      // a job that is cancelled must not end the others' pull
      return running.catch(() => this.#pull(engine, image, options));
    }
    const pull = this.#pull(engine, image, options).finally(() => this.#running.delete(key));
    this.#running.set(key, pull);
    return pull;
  }

  async #pull(engine: Engine, image: ImageName, { login, say, signal }: PullOptions): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      say(`pulling ${image.full}`);
      try {
        return await pullImage(engine, image, { login, say, signal });
      } catch (error) {
        signal.throwIfAborted();
        const message = errorText(error);
        const isPassing = error instanceof EngineRefusal ? passing.test(message) : true;
        if (!isPassing || attempt === tries) {
          if (error instanceof EngineRefusal) throw unavailable(image, message);
          throw asVoltError(error);
        }
        const wait = firstPause * 2 ** (attempt - 1);
        say(`the pull failed: ${message}; trying again in ${wait / 1000} s`);
        await pause(wait, signal);
      }
    }
  }

  #isPrivate({ repository }: ImageName): boolean {
    return (readText(this.#notes) ?? '').split('\n').includes(repository);
  }

  #note(image: ImageName): void {
    if (this.#isPrivate(image)) return;
    mkdirSync(dirname(this.#notes), { recursive: true, mode: 0o700 });
    appendFileSync(this.#notes, `${image.repository}\n`, { mode: 0o600 });
  }
}

function unavailable({ full }: ImageName, why: string): VoltError {
  return new VoltError('image_unavailable', `the image ${full} is not to be had: ${why}`, {
    remedy: 'Check its name and the credentials, and that the runner reaches the registry.',
  });
}
