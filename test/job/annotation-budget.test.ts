import { expect } from 'chai';
import { annotationOf } from '../../src/job/output/annotation.ts';
import { AnnotationBudget } from '../../src/job/steps/annotation-budget.ts';
import type { Annotation } from '../../src/kernel/model.ts';

describe('an annotation', () => {
  it('that is too long is cut between characters, since its file is part of an address', () => {
    const list: Annotation[] = [];
    const file = `${'a'.repeat(1999)}😀😀`;
    new AnnotationBudget().add(list, annotationOf('error', 'x', null, new Map([['file', file]])));
    expect(list[0]?.file).to.equal(`${'a'.repeat(1999)}…`);
  });
});
