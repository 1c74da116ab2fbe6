/** The load process: carries out one order after another, and tells what came of each. */
import type { LoadOrder } from './order.js';
import { sendLoad } from './send-load.js';

process.on('message', (order: LoadOrder) => {
  void sendLoad(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
