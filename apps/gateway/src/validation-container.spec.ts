import { KnownRegion } from './image-requests/known-region.js';
import { validationContainer } from './validation-container.js';

class Rule {}

describe('validationContainer', () => {
  const knownRegion = new KnownRegion({ regions: ['ap-guangzhou'] });
  const asked: unknown[] = [];
  const get = (type: unknown): unknown => {
    asked.push(type);
    return knownRegion;
  };
  const container = validationContainer({ get } as Parameters<typeof validationContainer>[0]);

  it('gets a rule that needs parts from the application', () => {
    expect(container.get(KnownRegion as unknown as new () => KnownRegion)).toBe(knownRegion);
  });

  it('makes any other once, and asks the application for none of them', () => {
    const rule = container.get(Rule);

    expect(rule).toBeInstanceOf(Rule);
    expect(container.get(Rule)).toBe(rule);
    expect(asked).not.toContain(Rule);
  });
});
