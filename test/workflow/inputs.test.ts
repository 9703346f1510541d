import { expect } from 'chai';
import { dispatchInputs, dispatchTexts } from '../../src/workflow/inputs.ts';
import type { InputDefinition } from '../../src/workflow/workflow.ts';

const level: InputDefinition = { name: 'level', type: 'choice', required: false, options: ['low', 'high'] };

describe('inputs of a dispatch', () => {
  it('that are a choice are their first option where nothing is given and there is no default', () => {
    expect(dispatchInputs([level], {})).to.deep.equal({ inputs: { level: 'low' } });
    expect(dispatchTexts([level], {})).to.deep.equal({ level: 'low' });
    expect(dispatchInputs([{ ...level, default: 'high' }], {})).to.deep.equal({ inputs: { level: 'high' } });
    expect(dispatchInputs([level], { level: 'high' })).to.deep.equal({ inputs: { level: 'high' } });
  });

  it('that are required must be given, a choice too', () => {
    expect(dispatchInputs([{ ...level, required: true }], {})).to.deep.equal({
      problems: ['the input "level" is required'],
    });
  });
});
