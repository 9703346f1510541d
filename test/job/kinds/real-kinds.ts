import { compiledKinds } from './compiled.ts';
import { javaKinds } from './java.ts';
import type { Kind } from './kind.ts';
import { nativeKinds } from './native.ts';
import { nodeKinds } from './node.ts';
import { phpKinds } from './php.ts';
import { pythonKinds } from './python.ts';
import { rubyKinds } from './ruby.ts';

/** The projects that the real tools test. */
export const realKinds: readonly Kind[] = [
  ...nodeKinds,
  ...pythonKinds,
  ...rubyKinds,
  ...phpKinds,
  ...nativeKinds,
  ...compiledKinds,
  ...javaKinds,
];
