import { eventually } from './eventually.ts';
import { MllpClient } from './mllp-client.ts';
import { MllpReceiver } from './mllp-receiver.ts';
import { startRedis } from './redis.ts';
import { chance, withChance } from './seed.ts';
import { TcpProxy } from './tcp-proxy.ts';

const message = (id: string): string => `MSH|^~\\&|A|B|C|D|20260302140500||ADT^A01|${id}|T|2.4\rPID|1||X\r`;

describe('the test peers', () => {
  it('answer through a proxy that passes, delays, loses and cuts', async () => {
    const receiver = await MllpReceiver.listen();
    const proxy = await TcpProxy.to({ port: receiver.port });
    const first = await MllpClient.open(proxy.port);
    expect(await first.send(message('1'))).toMatchObject({ code: 'AA', controlId: '1' });

    proxy.delay(50, 'up');
    expect(await first.send(message('2'))).toMatchObject({ controlId: '2' });

    proxy.blackHole('down');
    await expect(first.send(message('3'), 200)).rejects.toThrow('answer 3 did not come within 200 ms');
    expect(receiver.received.map((seen) => seen.controlId)).toEqual(['1', '2', '3']);

    proxy.heal();
    await first.whenClosed();
    const second = await MllpClient.open(proxy.port);
    proxy.cutAfter('up', 10);
    await expect(second.send(message('4'))).rejects.toThrow('the connection was closed');
    expect(receiver.received).toHaveLength(3);

    const third = await MllpClient.open(proxy.port);
    receiver.script = (seen) => ({ do: 'answer', code: seen.controlId === '5' ? 'AE' : 'AA', afterMs: 10 });
    await third.writeInPieces(message('5'), 3);
    expect(await third.answer(0)).toMatchObject({ code: 'AE', controlId: '5' });
    expect(proxy.opened).toBe(3);
    await proxy.close();
    await receiver.close();
  });

  it('run a redis of their own that outlives a crash and can be wiped', async () => {
    const redis = await startRedis();
    await redis.kill();
    await redis.start();
    await redis.wipe();
    await redis.stop();
  });
});

describe('waiting and chance', () => {
  it('show what was seen last when it never came', async () => {
    let looks = 0;
    await expect(
      eventually(
        () => ({ looks: ++looks }),
        () => false,
        { within: 60, every: 10, what: 'the impossible' },
      ),
    ).rejects.toThrow(/the impossible did not come within 60 ms; last seen: { looks: \d+ }/);
  });

  it('name the seed of a failure, and draw the same again from it', async () => {
    const drawn: number[] = [];
    const failing = withChance((dice) => {
      drawn.push(dice.below(1_000), dice.fork('other').below(1_000));
      throw new Error('broken');
    }, 42);
    await expect(failing).rejects.toThrow('broken\n\nSeed 42: run again with TEST_SEED=42');
    const again = chance(42);
    expect([again.below(1_000), again.fork('other').below(1_000)]).toEqual(drawn);
  });
});
