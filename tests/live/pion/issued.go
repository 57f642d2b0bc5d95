// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/pion/webrtc/v3"
)

// relayIssued takes a file with what the server answered who asked it for a credential: as a
// configuration it is used as it is, then with each of its URIs alone.
func relayIssued(file string) {
	configuration, err := readConfiguration(file)
	name := filepath.Base(file)
	report("pion reads "+name+" as a configuration", err)
	report("pion with "+name+" as it is: a data channel between two relays",
		dataChannel(peersOf(configuration)))
	for _, server := range configuration.ICEServers {
		if server.Username == "" {
			continue
		}
		for _, uri := range server.URLs {
			one := server
			one.URLs = []string{uri}
			only := webrtc.Configuration{ICEServers: []webrtc.ICEServer{one}}
			report("pion with "+name+" and "+uri+" alone: a data channel between two relays",
				dataChannel(peersOf(only)))
		}
	}
}

func readConfiguration(file string) (webrtc.Configuration, error) {
	var configuration webrtc.Configuration
	content, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(content, &configuration)
	}
	return configuration, err
}

// peersOf makes peer connections that are kept to relays.
func peersOf(configuration webrtc.Configuration) maker {
	return func() (*webrtc.PeerConnection, error) {
		configuration.ICETransportPolicy = webrtc.ICETransportPolicyRelay
		return webrtc.NewPeerConnection(configuration)
	}
}
