//! A folder with files, an orca with a state directory of its own, and the lab before it.

use crate::lab::{Lab, Report};

pub(crate) struct Desk {
    pub(crate) lab: Lab,
    /// What every command line begins with: `catalog` or `stacks`.
    command: &'static str,
    /// What the config says; `DIR` in it is the folder.
    config: &'static str,
    state: tempfile::TempDir,
    dir: tempfile::TempDir,
}

impl Desk {
    pub(crate) fn new(command: &'static str, config: &'static str) -> Self {
        let [state, dir] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        Self { lab: Lab::clean(), command, config, state, dir }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn run(&self, node: usize, args: &[&str]) -> Report {
        let config = self.config.replace("DIR", &self.path(""));
        self.lab.orca(node, &config, self.state.path(), &[&[self.command], args].concat())
    }

    pub(crate) fn fine(&self, node: usize, args: &[&str]) -> Report {
        let report = self.run(node, args);
        assert_eq!(report.exit, 0, "node-{node}: {args:?}: {}", report.json);
        report
    }
}
