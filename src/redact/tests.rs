use serde_json::json;

#[test]
fn keeps_names_and_drops_values() {
    let mut object = json!({
        "Env": ["A=1", "B=x=y", "C"],
        "Secrets": [{"SecretID": "s1", "SecretName": "db", "File": {"Name": "f"}}],
        "LogDriver": {"Options": {"splunk-token": "t", "max-size": "1m"}},
        "Mounts": [{"VolumeOptions": {"DriverConfig": {"Options":
            {"o": "addr=nas,username=u,password=p,vers=3"}}}}],
        "HttpProxy": "http://u:p@ss/w@proxy:3128",
        "Args": ["--token", "t"],
        "Hosts": ["1.2.3.4 h"],
        "Image": "registry:5000/x@sha256:abc",
        "TLSInfo": {"CertIssuerPublicKey": "MFkw"}, "PrivateKey": "p",
    });
    super::redact(&mut object);
    assert_eq!(
        object,
        json!({
            "Env": ["A=(redacted)", "B=(redacted)", "C"],
            "Secrets": [{"SecretID": "s1", "SecretName": "db", "File": {"Name": "f"}}],
            "LogDriver": {"Options": {"splunk-token": "(redacted)", "max-size": "1m"}},
            "Mounts": [{"VolumeOptions": {"DriverConfig": {"Options":
                {"o": "addr=nas,username=u,password=(redacted),vers=3"}}}}],
            "HttpProxy": "http://(redacted)@proxy:3128",
            "Args": ["(redacted)", "(redacted)"],
            "Hosts": ["1.2.3.4 h"],
            "Image": "registry:5000/x@sha256:abc",
            "TLSInfo": {"CertIssuerPublicKey": "MFkw"}, "PrivateKey": "(redacted)",
        })
    );
}
