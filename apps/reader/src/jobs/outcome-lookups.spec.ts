import { describe, expect, it } from '@jest/globals';
import { uuidV7 } from '@spillway/contracts';
import type { Ticket } from '@spillway/contracts/server';
import { eventually } from '@spillway/testing';
import type { KnownOutcome } from './find-outcomes.js';
import { OutcomeLookups } from './outcome-lookups.js';

const ticket = (): Ticket => {
  const id = uuidV7();
  return { kind: 'create', issuedAt: Date.now(), commandId: id, postId: id };
};

/** Looks that end when the test says so. */
function controlled() {
  const looks: {
    readonly tenant: string;
    readonly tickets: readonly Ticket[];
    readonly end: (error?: Error) => void;
  }[] = [];
  const lookups = new OutcomeLookups<KnownOutcome>(
    (tenant, tickets) =>
      new Promise((resolve, reject) => {
        const parked = tickets.map((): KnownOutcome => ({ known: 'parked' }));
        looks.push({ tenant, tickets, end: (error) => (error ? reject(error) : resolve(parked)) });
      }),
  );
  const look = (place: number) => eventually(`look ${place} begins`, () => looks[place]);
  return { looks, look, lookups };
}

describe('OutcomeLookups', () => {
  it('asks once for all that came while a look was under way', async () => {
    const { looks, look, lookups } = controlled();
    const first = lookups.find('acme', ticket());
    const later = [ticket(), ticket(), ticket()];
    const rest = later.map((t) => lookups.find('acme', t));
    expect(looks).toHaveLength(1);
    (await look(0)).end();
    expect(await first).toEqual({ known: 'parked' });
    const second = await look(1);
    expect(second.tickets).toEqual(later);
    second.end();
    expect(await Promise.all(rest)).toHaveLength(3);
  });

  it('never mixes tenants, and lets none wait for another', () => {
    const { looks, lookups } = controlled();
    void lookups.find('acme', ticket());
    void lookups.find('other', ticket());
    expect(looks.map(({ tenant }) => tenant)).toEqual(['acme', 'other']);
  });

  it('tells everybody of a look that it failed, and goes on with the next', async () => {
    const { look, lookups } = controlled();
    const failing = lookups.find('acme', ticket());
    const next = lookups.find('acme', ticket());
    (await look(0)).end(new Error('away'));
    await expect(failing).rejects.toThrow('away');
    (await look(1)).end();
    expect(await next).toEqual({ known: 'parked' });
    const again = lookups.find('acme', ticket());
    (await look(2)).end();
    expect(await again).toEqual({ known: 'parked' });
  });

  it('asks for at most two hundred at a time', async () => {
    const { looks, look, lookups } = controlled();
    const all = Array.from({ length: 451 }, () => lookups.find('acme', ticket()));
    for (const place of [0, 1, 2, 3]) (await look(place)).end();
    expect(await Promise.all(all)).toHaveLength(451);
    expect(looks.map(({ tickets }) => tickets.length)).toEqual([1, 200, 200, 50]);
  });
});
