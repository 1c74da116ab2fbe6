import { urls, type ConfigSpec } from '@spillway/config';

/** Every process that talks to the broker. */
export const brokerConfig = {
  amqpUrls: urls('AMQP_URLS', ['amqp', 'amqps'], {
    about: 'Addresses of the RabbitMQ nodes, tried in turn, comma-separated',
  }),
} satisfies ConfigSpec;
