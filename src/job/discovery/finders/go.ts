import { type Finder, step } from '../project.ts';

/** A Go module. */
export const go: Finder = (tree) =>
  tree.has('go.mod')
    ? { kind: 'go', because: 'go.mod', why: 'go tests all packages', steps: [step('test', 'go test -v ./...')] }
    : undefined;
