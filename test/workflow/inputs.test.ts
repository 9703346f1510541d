import { expect } from 'chai';
import { dispatchInputs, dispatchTexts } from '../../src/workflow/inputs.ts';
import type { InputDefinition } from '../../src/workflow/workflow.ts';

const level: InputDefinition = { name: 'level', type: 'choice', required: false, options: ['low', 'high'] };

describe('the inputs of workflow_dispatch', () => {
  it('use the first option of a choice without a value and a default', () => {
    expect(dispatchInputs([level], {})).to.deep.equal({ inputs: { level: 'low' } });
    expect(dispatchTexts([level], {})).to.deep.equal({ level: 'low' });
    expect(dispatchInputs([{ ...level, default: 'high' }], {})).to.deep.equal({ inputs: { level: 'high' } });
    expect(dispatchInputs([level], { level: 'high' })).to.deep.equal({ inputs: { level: 'high' } });
  });

  it('refuse a missing required input, also a choice', () => {
    expect(dispatchInputs([{ ...level, required: true }], {})).to.deep.equal({
      problems: [{ input: 'level', message: 'the input "level" is required' }],
    });
  });
});
