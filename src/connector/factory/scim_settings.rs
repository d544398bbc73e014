//! What a user writes under `connector.scim`, as the connector takes it. A table from one form to the other.

use appaccess_core::access::LoginSource;
use appaccess_scim::{
    dialect::{ActiveForm, DeleteMeans, Etag, MembersRead, Profile, UserUpdate},
    paging::Mode,
    patch::MembersRemoveForm,
};

use crate::{
    api::{
        connector::{ExternalIdSource, KeptAttribute, ScimConnector, ScimMapping, UserNameSource},
        scim_overrides as api,
    },
    connector::{
        ConnectorError,
        scim::{ExternalId, GroupUpdate, Mapping, Wire},
    },
};

/// The profile with the user's overrides.
pub(super) fn profile(connector: &ScimConnector) -> Result<Profile, ConnectorError> {
    let name = connector.profile.name();
    let mut profile =
        Profile::named(name).ok_or_else(|| ConnectorError::Settings(format!("there is no profile `{name}`")))?;
    let Some(said) = &connector.overrides else { return Ok(profile) };
    set(&mut profile.read_listable, said.listable);
    set(&mut profile.reads_by_id, said.reads_by_id);
    set(&mut profile.groups, said.groups);
    set(&mut profile.page_size, said.page_size.map(u64::from));
    set(&mut profile.inactive_visible, said.inactive_visible);
    set(&mut profile.case_sensitive_user_name, said.case_sensitive_user_name);
    set(&mut profile.user_name_is_mail, said.user_name_is_mail);
    set(&mut profile.fixed_users, said.fixed_users);
    set(&mut profile.members_in_create, said.members_in_create);
    if let Some(paging) = said.paging {
        profile.paging = Some(match paging {
            api::Paging::Index => Mode::Index,
            api::Paging::Cursor => Mode::Cursor,
            api::Paging::None => Mode::Single,
        });
    }
    set(
        &mut profile.user_filter_attributes,
        said.user_filter_attributes.clone().map(|names| names.into_iter().collect()),
    );
    set(&mut profile.user_update, said.user_update.map(user_update));
    match said.user_active {
        Some(api::UserActive::PatchPath) => profile.active_form = ActiveForm::PatchPath,
        Some(api::UserActive::PatchNoPath) => profile.active_form = ActiveForm::PatchNoPath,
        Some(api::UserActive::Put) => profile.active_form = ActiveForm::Put,
        Some(api::UserActive::Delete) => {
            let what = "suspend by DELETE: write another `userActive`".to_owned();
            return Err(ConnectorError::NotSupported { what });
        }
        None => {}
    }
    match said.members_read {
        Some(api::MembersRead::Group) => profile.members_read = MembersRead::Group,
        Some(api::MembersRead::None) => profile.members_read = MembersRead::None,
        Some(api::MembersRead::ByUserFilter) => {
            let what = "be read by `membersRead: byUserFilter`: this version reads members in groups".to_owned();
            return Err(ConnectorError::NotSupported { what });
        }
        None => {}
    }
    let members_max = said.members_patch_max.and_then(|max| usize::try_from(max).ok());
    set(&mut profile.members_patch_max, members_max);
    set(&mut profile.members_remove_form, said.members_remove_form.map(remove_form));
    set(&mut profile.delete_means, said.delete_means.map(delete_means));
    set(&mut profile.dropped_attributes, said.dropped_attributes.clone().map(|names| names.into_iter().collect()));
    set(&mut profile.etag, said.etag.map(|etag| if etag { Etag::On } else { Etag::Off }));
    let window = said.consistency_window.map(|window| u32::try_from(window.seconds()).unwrap_or(u32::MAX));
    set(&mut profile.consistency_window, window);
    Ok(profile)
}

fn set<T>(field: &mut T, said: Option<T>) {
    if let Some(said) = said {
        *field = said;
    }
}

fn user_update(said: api::UserUpdate) -> UserUpdate {
    match said {
        api::UserUpdate::Patch => UserUpdate::Patch,
        api::UserUpdate::Put => UserUpdate::Put,
        api::UserUpdate::PutMerge => UserUpdate::PutMerge,
    }
}

fn remove_form(said: api::MembersRemoveForm) -> MembersRemoveForm {
    match said {
        api::MembersRemoveForm::Filter => MembersRemoveForm::Filter,
        api::MembersRemoveForm::ValueList => MembersRemoveForm::ValueList,
    }
}

fn delete_means(said: api::DeleteMeans) -> DeleteMeans {
    match said {
        api::DeleteMeans::Delete => DeleteMeans::Delete,
        api::DeleteMeans::Deactivate => DeleteMeans::Deactivate,
        api::DeleteMeans::Irreversible => DeleteMeans::Irreversible,
        api::DeleteMeans::Unknown => DeleteMeans::Unknown,
    }
}

/// How requests look.
pub(super) fn wire(connector: &ScimConnector) -> Wire {
    let mut wire = Wire::default();
    let Some(said) = &connector.overrides else { return wire };
    set(&mut wire.users_path, said.users_path.clone());
    set(&mut wire.groups_path, said.groups_path.clone());
    set(&mut wire.content_type, said.content_type.clone());
    wire.headers.clone_from(&said.headers);
    set(&mut wire.group_create, said.group_create);
    let group_update = said.group_update.map(|update| match update {
        api::GroupUpdate::Patch => GroupUpdate::Patch,
        api::GroupUpdate::Put => GroupUpdate::Put,
        api::GroupUpdate::None => GroupUpdate::None,
    });
    set(&mut wire.group_update, group_update);
    wire
}

/// Which value goes into which attribute.
pub(super) fn mapping(said: &ScimMapping) -> Mapping {
    let attribute = |attribute: &KeptAttribute| match attribute {
        KeptAttribute::DisplayName => "displayName".into(),
        KeptAttribute::Name => "name".into(),
        KeptAttribute::Title => "title".into(),
        KeptAttribute::Department => "department".into(),
    };
    Mapping {
        user_name: match said.user_name {
            UserNameSource::Mail => LoginSource::Mail,
            UserNameSource::Login => LoginSource::Login,
            UserNameSource::Id => LoginSource::Id,
        },
        external_id: match said.external_id {
            ExternalIdSource::Id => ExternalId::Id,
            ExternalIdSource::Mail => ExternalId::Mail,
            ExternalIdSource::None => ExternalId::None,
        },
        attributes: said.attributes.iter().map(attribute).collect(),
    }
}
