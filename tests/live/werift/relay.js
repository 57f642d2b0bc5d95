// SPDX-License-Identifier: MIT
// relay.js — two peer connections of werift with a data channel from relay to relay, over each
// transport. Prints one TAP line, without a number, for each thing it saw.
"use strict";

const { RTCPeerConnection } = require("werift");

const PATIENCE = 40000;
const server = process.argv[2];
const urls = {
  udp: `turn:${server}:3478?transport=udp`,
  tcp: `turn:${server}:3478?transport=tcp`,
  tls: `turns:${server}:5349?transport=tcp`,
};

// A client of TURN may throw where nobody listens.
process.on("unhandledRejection", (error) => console.log(`# ${error}`));
process.on("uncaughtException", (error) => console.log(`# ${error}`));

function report(passed, description, detail) {
  console.log(`${passed ? "ok" : "not ok"} - ${description}`);
  if (!passed && detail !== undefined) console.log(`# ${detail}`);
}

function newPeer(transport, credential = "wonderland") {
  return new RTCPeerConnection({
    iceServers: [{ urls: urls[transport], username: "alice", credential }],
    iceTransportPolicy: "relay",
  });
}

function withPatience(promise) {
  const late = new Promise((_, reject) =>
    setTimeout(() => reject(new Error("it takes too long")), PATIENCE).unref()
  );
  return Promise.race([promise, late]);
}

// The descriptions carry all candidates: werift gathers before setLocalDescription is done.
async function negotiate(caller, callee) {
  await caller.setLocalDescription(await caller.createOffer());
  await callee.setRemoteDescription(caller.localDescription);
  await callee.setLocalDescription(await callee.createAnswer());
  await caller.setRemoteDescription(callee.localDescription);
}

function kindsOfPair(peer) {
  const pair = peer.iceTransports[0].connection.nominated;
  return `${pair?.localCandidate.type} to ${pair?.remoteCandidate.type}`;
}

async function dataChannel(transport) {
  const caller = newPeer(transport);
  const callee = newPeer(transport);
  const messages = [...Array(40).keys()].map((number) => Buffer.alloc(25 * number + 1, number));
  try {
    const channel = caller.createDataChannel("live");
    const echoes = [];
    const complete = new Promise((resolve) => {
      channel.onMessage.subscribe((message) => {
        echoes.push(message);
        if (echoes.length === messages.length) resolve();
      });
    });
    callee.onDataChannel.subscribe((other) => {
      other.onMessage.subscribe((message) => other.send(message));
    });
    channel.stateChanged.subscribe((state) => {
      if (state === "open") messages.forEach((message) => channel.send(message));
    });
    await negotiate(caller, callee);
    await complete;
    const kinds = kindsOfPair(caller);
    report(kinds === "relay to relay", `T01 T49 werift over ${transport}: relay to relay`, kinds);
    report(
      echoes.every((echo, number) => messages[number].equals(echo)),
      `T44 T50 T56 werift over ${transport}: a data channel's echo`
    );
  } finally {
    await Promise.all([caller.close(), callee.close()]);
  }
}

async function wrongPassword(transport) {
  const peer = newPeer(transport, "wrong");
  try {
    peer.createDataChannel("live");
    await peer.setLocalDescription(await peer.createOffer());
    const relays = peer.localDescription.sdp.match(/a=candidate:.* typ relay/g);
    const title = `S33 werift over ${transport}: a wrong password gives no relay`;
    report(relays === null, title, relays);
  } finally {
    await peer.close();
  }
}

// All at once: werift asks for many seconds before it takes a refusal for one.
async function main() {
  const tests = [dataChannel, wrongPassword];
  const runs = Object.keys(urls).flatMap((transport) =>
    tests.map((test) =>
      withPatience(test(transport)).catch((error) => {
        const where = error.stack.split("\n").slice(0, 3).join(" ");
        report(false, `${test.name} over ${transport}`, where);
      })
    )
  );
  await Promise.all(runs);
  process.exit(0);
}

main();
