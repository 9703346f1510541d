import { EngineRefusal, engineFailed } from '../../engine/connection.ts';

/** Turns what the engine refuses into an error for people. */
export async function said<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof EngineRefusal)
      throw engineFailed(`the container engine does not start the container: ${error.message}`, error);
    throw error;
  }
}
