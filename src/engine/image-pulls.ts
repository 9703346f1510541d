import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { asVoltError, errorText, VoltError } from '../kernel/errors.ts';
import { pause } from '../system/wait.ts';
import { EngineRefusal } from './connection.ts';
import type { Engine } from './engine.ts';
import { engineInfo } from './engine-info.ts';
import { type ImageName, imageName } from './image-name.ts';
import { type Image, imageOf, pullImage, type RegistryLogin } from './images.ts';
import { PrivateImages } from './private-images.ts';
import { PulledImages } from './pulled-images.ts';
import { BadAnswer, NoAnswer, type Reach } from './registry/checked-request.ts';
import { fetchedName, fetchImage } from './registry/fetch-image.ts';
import { type PullWaiter, SharedPulls } from './shared-pulls.ts';
import { BadImage } from './transfer-image.ts';

/** Tries of a pull, and milliseconds before the second one; each further pause is twice as long. */
const tries = 3;
const firstPause = 1000;

/** What a registry or its network says when a later try may succeed. */
const passing =
  /connection (refused|reset)|no route to host|network is unreachable|no such host|server misbehaving|temporary failure|timeout|timed out|deadline exceeded|\bEOF\b|broken pipe|TLS handshake|too ?many ?requests|HTTP status: 5\d\d|internal server error|bad gateway|service unavailable|nothing was heard/i;

export interface PullOptions extends PullWaiter {
  login: RegistryLogin | undefined;
  /** rejects where the image may not be pulled for this job; absent where it may. Images that a person has pulled are for all jobs */
  permit?: (() => Promise<void>) | undefined;
  /** has Volt fetch the image in the engine's place, and decides which servers it asks; absent where the engine may ask them all */
  reach?: Reach | undefined;
  /** bytes of an image that Volt fetches; undefined for no limit */
  limit?: number | undefined;
}

/** Fetches the images of a runner's jobs. Jobs that want the same image at the same time share one pull. */
export class ImagePulls {
  readonly #policy: Config['imagePull'];
  readonly #pulled: PulledImages;
  readonly #private: PrivateImages;
  /** with what the registry calls an image that Volt has fetched */
  readonly #shared = new SharedPulls<string | undefined>();
  readonly #folder: string;

  constructor({ imagePull, dataDir }: Pick<Config, 'imagePull' | 'dataDir'>) {
    this.#policy = imagePull;
    this.#folder = dataPaths(dataDir).engine;
    this.#pulled = new PulledImages(dataDir);
    this.#private = new PrivateImages(dataDir, this.#pulled);
  }

  /**
   * The image, pulled if the policy wants it. An image that was pulled with credentials is pulled again for every job, since
   * only the registry knows who may have it; what the engine has of it is not transferred again. Where the registry gives it to
   * a job without credentials, it is for all jobs from then on.
   * @param name in full
   * @throws VoltError `image_unavailable`, `engine_failed`; the reason of the signal; what `permit` and `reach` throw
   */
  async get(engine: Engine, name: string, options: PullOptions): Promise<Image> {
    const image = imageName(name);
    const former = await this.#find(engine, image);
    // asked after the engine: an image is noted before it is pulled
    const isPrivate = options.login !== undefined || this.#private.has(image, former?.id);
    if (former && !isPrivate && this.#policy !== 'always') {
      if (this.#pulled.hasOf(former.id, image)) await options.permit?.();
      this.#pulled.use({ id: former.id, name: former.found.full });
      return former;
    }
    if (this.#policy === 'never') {
      if (isPrivate) throw unavailable(image, 'VOLT_IMAGE_PULL is "never", so its registry cannot say who may use it');
      throw unavailable(image, 'this machine does not have it, and VOLT_IMAGE_PULL is "never"');
    }
    await options.permit?.();
    const pulled = await this.#pullAndFind(engine, image, options, former);
    const { id, bytes, found, digest } = pulled;
    if (isPrivate && options.login === undefined) this.#private.forget(image);
    // one that was there already is somebody else's, unless Volt has pulled it before
    const isOwn = id !== former?.id || this.#pulled.has(id);
    if (isOwn && options.login) await this.#private.hide(engine, pulled, found);
    else if (isOwn) this.#pulled.add({ id, name: found.full, bytes, digest });
    return pulled;
  }

  /** What the engine has under the name, or Volt has fetched for it. */
  async #find(engine: Engine, image: ImageName): Promise<(Image & { found: ImageName }) | undefined> {
    for (const found of new Set([image, fetchedName(image)])) {
      const present = await imageOf(engine, found);
      if (!present) continue;
      const digest = this.#pulled.digestOf({ id: present.id, name: found.full }) ?? present.digest;
      return { ...present, found, digest };
    }
    return undefined;
  }

  async #pullAndFind(
    engine: Engine,
    image: ImageName,
    options: PullOptions,
    former: Image | undefined,
  ): Promise<Image & { found: ImageName }> {
    const { login } = options;
    // an owner's mirror is asked, as for all images of that registry
    const isMirrored = options.reach && (await engineInfo(engine)).mirrored.includes(image.host);
    const reach = isMirrored ? undefined : options.reach;
    // whoever has the same password may share what it gives
    const key = JSON.stringify([image.full, login ?? null, reach !== undefined]);
    for (let attempt = 1; attempt <= tries; attempt++) {
      const noted = login && this.#private.begin(image, former?.id);
      let digest: string | undefined;
      try {
        digest = await this.#shared.join(key, options, (whole) =>
          this.#pull(engine, image, { ...options, ...whole, reach }, former),
        );
      } catch (error) {
        // otherwise the engine may go on with it
        if (asVoltError(error).code === 'image_unavailable') noted?.takeBack();
        throw error;
      }
      noted?.confirm();
      const pulled = await this.#find(engine, image);
      if (pulled) return digest === undefined ? pulled : { ...pulled, digest };
      // another job has hidden the private image that it has pulled at the same time
    }
    throw unavailable(image, 'the engine does not have it after the pull');
  }

  /**
   * Pulls an image, and tries again where the network is at fault.
   * @returns its digest, as a part of its name, where Volt has fetched it
   */
  async #pull(
    engine: Engine,
    image: ImageName,
    options: PullOptions,
    former: Image | undefined,
  ): Promise<string | undefined> {
    const { say, signal } = options;
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      say(`pulling ${image.full}`);
      try {
        return await this.#pullOnce(engine, image, options, former);
      } catch (error) {
        signal.throwIfAborted();
        const message = errorText(error);
        if (!mayPass(error) || attempt === tries) {
          const isRefused = [EngineRefusal, BadAnswer, BadImage, NoAnswer].some((kind) => error instanceof kind);
          throw isRefused ? unavailable(image, message) : asVoltError(error);
        }
        const wait = firstPause * 2 ** (attempt - 1);
        say(`the pull failed: ${message}; trying again in ${wait / 1000} s`);
        await pause(wait, signal);
      }
    }
  }

  async #pullOnce(
    engine: Engine,
    image: ImageName,
    { reach, limit, ...options }: PullOptions,
    former: Image | undefined,
  ): Promise<string | undefined> {
    if (!reach) {
      await pullImage(engine, image, options);
      return undefined;
    }
    const digest = await fetchImage(engine, image, { ...options, reach, limit, former, folder: this.#folder });
    return `${image.repository}@${digest}`;
  }
}

/** Whether a later try may succeed. */
function mayPass(error: unknown): boolean {
  if (error instanceof EngineRefusal) return passing.test(error.message);
  // what `reach` says
  if (error instanceof VoltError && error.code === 'image_unavailable') return false;
  return !(error instanceof BadAnswer || error instanceof BadImage);
}

function unavailable({ full }: ImageName, why: string): VoltError {
  return new VoltError('image_unavailable', `the image ${full} is not to be had: ${why}`, {
    remedy: 'Check its name and the credentials, and that the runner reaches the registry.',
  });
}
