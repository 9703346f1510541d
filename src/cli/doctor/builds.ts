import { whyNoBuilder } from '../../exec/image-builder.ts';
import { asVoltError } from '../../kernel/errors.ts';
import { type Finding, ok, warn } from './finding.ts';

const check = 'image builds';

/** Tells whether isolated jobs can build a Dockerfile. */
export async function buildsFinding(): Promise<Finding> {
  try {
    const why = await whyNoBuilder();
    if (why === undefined) return ok(check, 'isolated jobs build a Dockerfile with buildah');
    return ok(check, `none; only isolated jobs that build a Dockerfile need buildah, and ${why}`);
  } catch (error) {
    const { message, remedy } = asVoltError(error);
    return warn(check, message, remedy);
  }
}
